from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.cycle.report import CycleFigures, measured, shares_differ
from relance.domain.failures import Severity
from relance.wording.reports.cycle import cycle_message
from relance.wording.reports.languages import REPORT_WORDS

AT = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
BEFORE: dict[str, float] = {
    "eligible": 100_000,
    "sent": 97_000,
    "skipped.contact_opted_out": 2_000,
    "failed.hard_recipient": 1_000,
    "uncertain": 0,
    "cancelled": 0,
    "sending_s": 110.0,
    "per_second": 880.0,
    "slowest_batch_s": 3.1,
    "rss_peak_mb": 210.0,
    "success_rate": 0.99,
}


def report(now: dict[str, float] | None = None, before: dict[str, float] | None = None, **fields: Any) -> CycleFigures:
    standard = {
        "period": "2026-11",
        "now": BEFORE | (now or {}),
        "before_period": "2026-10",
        "before": BEFORE if before is None else before,
        "unaccounted": 0,
        "open": 0,
    }
    return CycleFigures(**{**standard, **fields})


def large(now: dict[str, float]) -> set[str]:
    return {change.figure for change in report(now).large}


def test_a_month_like_the_one_before_has_nothing_to_tell() -> None:
    assert report().large == []
    assert {change.delta for change in report().changes} == {0}


@pytest.mark.parametrize(
    ("now", "flagged"),
    [
        ({"skipped.contact_opted_out": 2_300}, False),
        ({"skipped.contact_opted_out": 2_500}, True),
        ({"failed.hard_recipient": 700}, True),
        ({"skipped.too_late": 5}, False),
        ({"skipped.too_late": 40}, True),
        ({"eligible": 118_000}, False),
        ({"per_second": 600.0}, False),
        ({"per_second": 400.0}, True),
        ({"sending_s": 230.0}, True),
        ({"slowest_batch_s": 4.0}, False),
        ({"rss_peak_mb": 330.0}, True),
        ({"success_rate": 0.985}, False),
        ({"success_rate": 0.979}, True),
        ({"success_rate": 1.0}, False),
    ],
)
def test_a_figure_is_flagged_from_a_certain_size_of_change(now: dict[str, float], flagged: bool) -> None:
    assert large(now) == (set(now) if flagged else set())


def test_twice_the_users_flag_the_eligible_and_not_every_reason() -> None:
    doubled: dict[str, float] = {name: 2 * value for name, value in BEFORE.items() if isinstance(value, int)}
    assert large(doubled) == {"eligible"}


def test_small_batches_may_take_a_moment_longer() -> None:
    now = BEFORE | {"slowest_batch_s": 0.9}
    assert report(now, BEFORE | {"slowest_batch_s": 0.3}).large == []


def test_a_reason_of_the_month_before_is_a_figure_of_this_one() -> None:
    now = {name: value for name, value in BEFORE.items() if name != "failed.hard_recipient"}
    [gone] = CycleFigures("2026-11", now, "2026-10", BEFORE, unaccounted=0, open=0).large
    assert (gone.figure, gone.now, gone.before, gone.delta) == ("failed.hard_recipient", 0, 1_000, -1_000)


def test_a_first_month_is_compared_with_nothing() -> None:
    first = report(before={}, before_period=None)
    assert {(change.before, change.delta, change.large) for change in first.changes} == {(None, None, False)}


def test_the_same_behaviour_is_hardly_ever_flagged() -> None:
    dice = random.Random(3)
    months = [sum(dice.random() < 0.02 for _ in range(2_000)) for _ in range(200)]
    flagged = sum(shares_differ(now, 2_000, before, 2_000) for now, before in itertools.pairwise(months))
    assert flagged <= 3


@given(st.integers(0, 500), st.integers(500, 1000), st.integers(0, 500), st.integers(500, 1000))
def test_it_does_not_matter_which_month_is_which_for_chance(a: int, of_a: int, b: int, of_b: int) -> None:
    if shares_differ(a, of_a, b, of_b):
        assert a / of_a != b / of_b
    assert not shares_differ(a, of_a, a, of_a)


def test_what_is_measured_has_its_unit_in_its_name() -> None:
    found = measured(
        sent=970,
        failed=20,
        uncertain=10,
        began=AT - timedelta(days=30),
        ended=AT,
        handed_over=960,
        sending=timedelta(seconds=2),
        slowest_batch=timedelta(seconds=1.5),
        rss_peak_mb=120.26,
    )
    assert found == {
        "duration_s": 2_592_000.0,
        "sending_s": 2.0,
        "per_second": 480.0,
        "slowest_batch_s": 1.5,
        "rss_peak_mb": 120.26,
        "success_rate": 0.97,
    }


def test_a_cycle_that_sent_nothing_has_neither_rate_nor_success() -> None:
    nothing = timedelta(0)
    found = measured(
        sent=0,
        failed=0,
        uncertain=0,
        began=None,
        ended=AT,
        handed_over=0,
        sending=nothing,
        slowest_batch=nothing,
        rss_peak_mb=0.0,
    )
    assert found == {}


def test_a_quiet_month_is_told_in_three_sentences_with_its_figures() -> None:
    message = cycle_message(report({"sent": 97_200}), key="k", at=AT, language="en")
    assert message.title == "📬 Cycle 2026-11: how it ended"
    assert message.text == (
        "97,200 of 100,000 invitations were sent. Sending took 110\u00a0s, 880 mails per second. "
        "Every contact is accounted for."
    )
    assert message.rows == (
        "sent · 97,200 · +200 (+0.2%)",
        "not sent: opted out · 2,000",
        "failed: mailbox gone · 1,000",
        "slowest batch · 3.1\u00a0s",
        "memory peak · 210\u00a0MB",
        "success rate · 99%",
    )
    assert message.severity is Severity.LOW


def test_what_changed_a_lot_comes_first_and_is_marked() -> None:
    now = {"failed.hard_recipient": 2_500, "per_second": 400.0, "success_rate": 0.986}
    message = cycle_message(report(now), key="k", at=AT, language="en")
    assert "Against 2026-10, 2 figures changed by more than usual (⚠️)." in message.text
    assert message.rows[:3] == (
        "⚠️ failed: mailbox gone · 2,500 · +1,500 (+150%)",
        "⚠️ rate · 400 per second · −54.5%",
        "sent · 97,000",
    )
    assert message.rows[-1] == "success rate · 98.6% · −0.4\u00a0pt"
    assert message.severity is Severity.MEDIUM


def test_an_account_that_does_not_add_up_is_critical() -> None:
    message = cycle_message(report(unaccounted=-1), key="k", at=AT, language="en")
    assert message.title == "🚨 Cycle 2026-11: the count does not add up"
    assert "1 contact is unaccounted for." in message.text
    assert "accounted for." not in message.text.replace("unaccounted for.", "")
    assert message.severity is Severity.CRITICAL


def test_mails_without_an_outcome_are_told_instead_of_an_all_clear() -> None:
    text = cycle_message(report(open=2), key="k", at=AT, language="en").text
    assert "2 mails have no outcome yet." in text
    assert "Every contact" not in text


def test_french_says_the_same() -> None:
    message = cycle_message(report({"failed.hard_recipient": 2_500}), key="k", at=AT, language="fr")
    assert message.title == "📬 Cycle 2026-11\u00a0: le bilan"
    assert "97\u202f000 invitations sur 100\u202f000 ont été envoyées." in message.text
    assert message.rows[0] == "⚠️ échouées\u00a0: boîte inexistante · 2\u202f500 · +1\u202f500 (+150\u00a0%)"


def test_both_languages_name_the_same_things() -> None:
    english, french = REPORT_WORDS["en"].cycle, REPORT_WORDS["fr"].cycle
    assert english.labels.keys() == french.labels.keys()
    assert english.reasons.keys() == french.reasons.keys()


def test_a_reason_nobody_has_a_word_for_is_named_as_it_is() -> None:
    message = cycle_message(report({"skipped.moon_phase": 7}), key="k", at=AT, language="fr")
    assert "non envoyées\u00a0: moon phase · 7 · +7" in message.rows
