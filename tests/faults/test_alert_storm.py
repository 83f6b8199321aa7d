"""The scenario `alert-storm`: its checker finds what it is there to find, and a small size of it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.storm.flapping import Flapping
from tests.faults.storm.storm import Storm
from tests.faults.storm.told import WebhookMessage, most_per_interval

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
ROWS = ("Offer 00001 · Partner 00001", "Offer 00002 · Partner 00002")


def message(minute: float, *rows: str, title: str = "Alert") -> WebhookMessage:
    return WebhookMessage(f"alert/x/{minute}", AT + timedelta(minutes=minute), title, rows)


STORM = Storm(
    firings=3,
    distinct=2,
    stored=2,
    suppressed=1,
    messages=[message(0, *ROWS[:1]), message(1, *ROWS[1:])],
    behind_s=0.1,
    first_message_s=0.1,
    caught_up_s=0.1,
    peak_rss_mb=100.0,
)
FLAPPING = Flapping(4, [message(0), message(20, title="Flapping: resolved")], 3, "resolved")


def test_messages_are_counted_in_whichever_interval_has_most() -> None:
    assert most_per_interval([]) == 0
    assert most_per_interval([message(n) for n in (0, 14, 15, 29, 29.5)]) == 3


def test_a_sound_run_has_no_problems() -> None:
    assert (STORM.problems, FLAPPING.problems) == ([], [])


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        (replace(STORM, messages=[*STORM.messages, message(14, *ROWS)]), "storm: 3 messages within 15 minutes"),
        (replace(STORM, messages=STORM.messages[:1]), "storm: 2 fired, 2 stored, 1 told"),
        (replace(STORM, stored=1), "storm: 2 fired, 1 stored, 2 told"),
        (replace(STORM, messages=[*STORM.messages[:1] * 2, *STORM.messages[1:]]), "storm: a message was told twice"),
        (replace(STORM, peak_rss_mb=600.0), "storm: the worker took 600 MB"),
        (replace(FLAPPING, messages=[]), "flapping: it ended resolved, and the last of 0 messages is another"),
        (replace(FLAPPING, state="firing"), "flapping: it ended firing, and the last of 2 messages is another"),
        (replace(FLAPPING, messages=[*FLAPPING.messages * 2]), "flapping: a message was told twice"),
    ],
)
def test_whatever_is_wrong_is_named(run: Storm | Flapping, problem: str) -> None:
    assert problem in run.problems
