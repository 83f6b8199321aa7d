from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.invitations.effectiveness import LEAST, Arm, ReminderTally, breakdown
from relance.domain.invitations.holdout import HoldOut
from relance.domain.invitations.invitation import MailKind
from tests.support.reminder_groups import AT, a_group, effects, experiment, whole

FIRST, SECOND = MailKind.FIRST, MailKind.SECOND
EXPERIMENTS = 1000


def test_reminders_are_counted_per_period_and_type() -> None:
    found = effects(
        [
            a_group(10, submitted=4),
            a_group(20, kind=SECOND, submitted=3, opted_out=1),
            a_group(5, period="2026-10", submitted=1),
            a_group(30, watched=25, submitted=6),
        ]
    )
    assert list(found) == [("2026-10", FIRST), ("2026-11", FIRST), ("2026-11", SECOND)]
    total = found["2026-11", FIRST].total
    assert (total.sent, total.watched, total.submitted) == (40, 35, 10)
    assert total.answers.rate == pytest.approx(10 / 35)
    assert found["2026-11", SECOND].total.opt_outs.rate == pytest.approx(1 / 20)


def test_hours_and_weekdays_are_those_of_the_users_zone() -> None:
    # A Sunday, 17:00 UTC.
    found = whole([a_group(zone="Europe/Paris"), a_group(zone="Pacific/Auckland"), a_group(zone="Asia/Kathmandu")])
    assert set(found[FIRST].by_hour) == {18, 6, 22}
    assert set(found[FIRST].by_weekday) == {6, 0}


def test_the_hour_follows_the_clock_change() -> None:
    summer = AT.replace(month=7)
    found = whole([a_group(at=AT), a_group(at=summer)])
    assert set(found[FIRST].by_hour) == {18, 19}


def test_a_zone_nobody_knows_is_counted_in_utc() -> None:
    assert set(whole([a_group(zone="Mars/Olympus")])[FIRST].by_hour) == {17}


def test_both_types_are_summed_over_the_periods() -> None:
    found = whole([a_group(3), a_group(4, period="2026-10"), a_group(7, kind=SECOND)])
    assert {kind: effect.total.sent for kind, effect in found.items()} == {FIRST: 7, SECOND: 7}


def test_without_a_hold_out_group_there_is_no_lift() -> None:
    assert whole([a_group(100, submitted=30)])[FIRST].lift is None
    assert whole([a_group(100, submitted=30), a_group(9, arm=Arm.HELD_OUT, watched=0)])[FIRST].lift is None


def test_a_reminder_that_failed_was_meant_to_be_sent() -> None:
    groups = [a_group(90, submitted=30), a_group(10, arm=Arm.FAILED), a_group(50, arm=Arm.HELD_OUT, submitted=5)]
    effect = whole(groups)[FIRST]
    assert effect.total.sent == 90
    assert effect.lift is not None
    assert (effect.lift.reminded.of, effect.lift.held_out.of) == (100, 50)
    assert effect.lift.difference is not None
    assert effect.lift.difference.value == pytest.approx(0.2)


def test_whoever_went_without_the_first_reminder_tells_nothing_about_the_second() -> None:
    groups = [
        a_group(100, kind=SECOND, submitted=10),
        a_group(40, kind=SECOND, arm=Arm.HELD_OUT, submitted=9, earlier_held_out=True),
    ]
    assert whole(groups)[SECOND].lift is None
    fair = a_group(50, kind=SECOND, arm=Arm.HELD_OUT, submitted=1)
    late = a_group(30, kind=SECOND, submitted=20, earlier_held_out=True)
    effect = whole([*groups, fair, late])[SECOND]
    assert effect.lift is not None
    assert (effect.lift.reminded.of, effect.lift.held_out.of) == (100, 50)
    assert effect.total.sent == 130


@pytest.mark.parametrize(("untold", "lift"), [(0.10, 0.05), (0.02, 0.03), (0.30, 0.0)])
def test_the_interval_holds_the_true_lift_in_95_of_100_experiments(untold: float, lift: float) -> None:
    covered, total = 0, 0.0
    for seed in range(EXPERIMENTS):
        found = whole(experiment(500, HoldOut(25), untold, lift, seed))[FIRST].lift
        assert found is not None
        assert found.difference is not None
        covered += lift in found.difference.interval
        total += found.difference.value
    # Three standard deviations of a share of 1,000 experiments are 2 points; score intervals err on the safe side.
    assert 0.93 <= covered / EXPERIMENTS <= 0.975
    assert total / EXPERIMENTS == pytest.approx(lift, abs=0.004)


def test_a_large_experiment_is_certain_of_a_lift_and_not_of_none() -> None:
    real = whole(experiment(20_000, HoldOut(20), 0.10, 0.05, 1))[FIRST].lift
    none = whole(experiment(20_000, HoldOut(20), 0.10, 0.0, 1))[FIRST].lift
    assert real is not None
    assert none is not None
    assert real.difference is not None
    assert none.difference is not None
    assert (real.difference.is_certain, none.difference.is_certain) == (True, False)


@given(st.dictionaries(st.integers(0, 23), st.integers(1, 40)))
def test_no_row_of_a_breakdown_is_small_and_none_can_be_told_by_subtraction(counts: dict[int, int]) -> None:
    rows = breakdown({hour: ReminderTally(sent=count) for hour, count in counts.items()})
    shown = {row.key: row.tally.sent for row in rows}
    assert all(count >= LEAST for count in shown.values())
    missing = sum(counts.values()) - sum(shown.values())
    # Only a whole of fewer than five is left out.
    assert missing == 0 or (not shown and missing < LEAST)
    small = [hour for hour, count in counts.items() if count < LEAST]
    assert not any(hour in shown for hour in small)
    if shown.get(None) is not None:
        assert sum(count for hour, count in counts.items() if hour not in shown) == shown[None]
        assert small


def test_a_breakdown_is_in_order_with_what_is_too_little_at_the_end() -> None:
    tallies = {
        18: ReminderTally(sent=50),
        9: ReminderTally(sent=20),
        7: ReminderTally(sent=2),
        8: ReminderTally(sent=6),
    }
    assert [(row.key, row.tally.sent) for row in breakdown(tallies)] == [(9, 20), (18, 50), (None, 8)]
    enough = {7: ReminderTally(sent=2), 8: ReminderTally(sent=3), 9: ReminderTally(sent=6)}
    assert [(row.key, row.tally.sent) for row in breakdown(enough)] == [(9, 6), (None, 5)]
