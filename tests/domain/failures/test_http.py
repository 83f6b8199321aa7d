from __future__ import annotations

from datetime import timedelta

import pytest

from relance.domain.failures import FailureClass, Severity, Sign, Source, Strategy, classify_http, deciding
from relance.domain.failures.http import TABLE

EVERFLOW, CHANNEL = Source.EVERFLOW, Source.CHANNEL
TRANSPORT, THROTTLED = FailureClass.TRANSPORT, FailureClass.THROTTLED
SETTINGS, DATA, GONE = FailureClass.CONFIGURATION, FailureClass.DATA, FailureClass.GONE

ANSWERS = [
    (429, EVERFLOW, THROTTLED, True),
    (429, CHANNEL, THROTTLED, True),
    (408, CHANNEL, TRANSPORT, True),
    (425, EVERFLOW, TRANSPORT, True),
    (500, EVERFLOW, TRANSPORT, True),
    (503, CHANNEL, TRANSPORT, True),
    (599, CHANNEL, TRANSPORT, True),
    (400, EVERFLOW, SETTINGS, False),
    (401, EVERFLOW, SETTINGS, False),
    (403, EVERFLOW, SETTINGS, False),
    (404, EVERFLOW, SETTINGS, False),
    (302, EVERFLOW, SETTINGS, False),
    (204, EVERFLOW, SETTINGS, False),
    (404, CHANNEL, GONE, False),
    (410, CHANNEL, GONE, False),
    (403, CHANNEL, SETTINGS, False),
    (400, CHANNEL, DATA, False),
    (413, CHANNEL, DATA, False),
    (307, CHANNEL, SETTINGS, False),
    ("timeout", EVERFLOW, TRANSPORT, True),
    ("tls", CHANNEL, SETTINGS, True),
    ("dns", EVERFLOW, TRANSPORT, True),
    ("bad-address", CHANNEL, SETTINGS, False),
    ("bad-address", EVERFLOW, SETTINGS, False),
    ("connection", CHANNEL, TRANSPORT, True),
]


@pytest.mark.parametrize(("code", "source", "class_", "again"), ANSWERS)
def test_an_answer_is_classified(code: int | str, source: Source, class_: FailureClass, again: bool) -> None:
    found = classify_http(code, source)
    assert (found.class_, found.retryable, found.source) == (class_, again, source)


def test_every_row_decides_about_one_of_the_answers_above() -> None:
    used = [deciding(TABLE, Sign(str(code), stage=source.value)) for code, source, *_ in ANSWERS]
    assert [row.signal for row in TABLE if row not in used] == []


def test_what_asks_for_a_wait_gets_it() -> None:
    found = classify_http(503, EVERFLOW, 12.5)
    assert (found.strategy, found.pause) == (Strategy.RETRY_AT, timedelta(seconds=12.5))
    assert classify_http(503, EVERFLOW).strategy is Strategy.RETRY_LATER


def test_a_wait_makes_nothing_of_what_is_refused_for_good() -> None:
    found = classify_http(410, CHANNEL, 60)
    assert (found.pause, found.retryable) == (None, False)


def test_a_certificate_that_cannot_be_trusted_is_critical() -> None:
    assert classify_http("tls", EVERFLOW).severity is Severity.CRITICAL


@pytest.mark.parametrize(("status", "word"), [(401, "API_KEY"), (403, "network key"), (400, "currency"), (404, "URL")])
def test_a_refusal_of_everflow_names_what_to_change(status: int, word: str) -> None:
    assert word in classify_http(status, EVERFLOW).remedy
