"""Whether a period that begins, or has begun, is looked after (SPEC C1, C4, C14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.cycle.control import ControlState
from relance.domain.cycle.coverage import (
    LEAD,
    CoverageRules,
    CycleFate,
    CycleState,
    Gap,
    MonthlyOpenings,
    PeriodState,
    Uncovered,
    found_open,
    is_missed,
    periods_before,
    uncovered,
    watched_periods,
)
from relance.domain.cycle.send_times import next_period, period_before, period_window
from relance.domain.jobs.run import ALREADY_OPEN, CYCLE_FAILED, ENDED_BY_HAND

PERIOD, ZONE = "2026-12", "Europe/Paris"
FIRST, LAST = period_window(PERIOD)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = CoverageRules(max_late=7 * DAY, planned_within=HOUR / 2, replan_every=HOUR)
OPENED = datetime(2026, 11, 25, 5, tzinfo=UTC)
LONG_AGO = datetime(2026, 6, 1, tzinfo=UTC)
NEXT_YEAR = (datetime(2027, 11, 25, 5, tzinfo=UTC),)
USED = MonthlyOpenings(ZONE, created_at=LONG_AGO, times=NEXT_YEAR, ever=True, first_period="2026-06")
RUNS = CycleFate(state=CycleState.RUNNING, started_at=OPENED)
HEALTHY = PeriodState(PERIOD, RUNS, has_plans=True, plans_open=5)
NONE = PeriodState(PERIOD, CycleFate())
INSIDE = FIRST + 5 * DAY


def lacks(state: PeriodState, now: datetime = INSIDE, openings: MonthlyOpenings = USED) -> Uncovered | None:
    return uncovered(now, state, openings, RULES)


def cut(state: CycleState, **more: Any) -> PeriodState:
    return replace(HEALTHY, fate=CycleFate(state=state, started_at=OPENED), **more)


@pytest.mark.parametrize(
    ("now", "paused", "told"),
    [
        (OPENED - DAY, False, True),
        (OPENED - DAY, True, False),
        (FIRST - LEAD - timedelta(minutes=1), True, False),
        (FIRST - LEAD, True, True),
        (LAST + RULES.max_late, False, True),
        (LAST + RULES.max_late + timedelta(minutes=1), False, False),
    ],
)
def test_a_period_that_nothing_opens_is_told_at_once_and_under_a_pause_a_day_before_the_first_send(
    now: datetime, paused: bool, told: bool
) -> None:
    expected = Uncovered(PERIOD, Gap.NO_CYCLE) if told else None
    assert lacks(NONE, now, replace(USED, paused=paused)) == expected


def test_a_period_that_the_schedule_is_still_to_open_is_not_told_unless_that_is_too_late_or_it_is_paused() -> None:
    comes = replace(USED, times=(OPENED,))
    assert lacks(NONE, OPENED - DAY, comes) is None
    assert lacks(NONE, FIRST, replace(comes, paused=True)) == Uncovered(PERIOD, Gap.NO_CYCLE)
    # On the 1st it opens its own month, some hours after the first send: late and not lost.
    first = replace(USED, times=(datetime(2026, 12, 1, 5, tzinfo=UTC),))
    assert lacks(NONE, FIRST, first) is None
    tenth = replace(USED, times=(datetime(2026, 12, 10, 5, tzinfo=UTC),))
    assert lacks(NONE, FIRST, tenth) == Uncovered(PERIOD, Gap.NO_CYCLE)


@pytest.mark.parametrize(
    ("openings", "told"),
    [
        # No Schedule was ever there, though there are users and plans of a rehearsal.
        (MonthlyOpenings(ZONE, first_period="2026-06"), False),
        # It is gone, and it had acted.
        (MonthlyOpenings(ZONE, ever=True, first_period="2026-06"), True),
        # Created in mid-month: that month is nobody's.
        (MonthlyOpenings(ZONE, created_at=FIRST + DAY, times=NEXT_YEAR, ever=True), False),
        (MonthlyOpenings(ZONE, created_at=FIRST + DAY, times=NEXT_YEAR, ever=True, first_period="2027-01"), False),
        # Created anew, by somebody who has sent for months.
        (MonthlyOpenings(ZONE, created_at=FIRST + DAY, times=NEXT_YEAR, ever=True, first_period="2026-11"), True),
        # Created after the opening's day and before the first send.
        (MonthlyOpenings(ZONE, created_at=FIRST - DAY, times=NEXT_YEAR, ever=True), True),
    ],
)
def test_a_fresh_installation_owes_nothing_to_a_month_that_had_begun(openings: MonthlyOpenings, told: bool) -> None:
    assert (lacks(NONE, INSIDE, openings) is not None) == told


def test_without_users_nothing_is_owed_and_open_plans_are() -> None:
    assert lacks(replace(NONE, has_users=False)) is None
    assert lacks(cut(CycleState.TERMINATED, has_users=False, plans_open=0)) is None
    assert lacks(cut(CycleState.TERMINATED, has_users=False, plans_open=1)) is not None


@pytest.mark.parametrize(
    ("state", "has_plans", "gap"),
    [
        (CycleState.TERMINATED, False, Gap.ENDED_UNPLANNED),
        (CycleState.CANCELLED, False, Gap.ENDED_UNPLANNED),
        (CycleState.TERMINATED, True, Gap.ENDED_BY_HAND),
        (CycleState.CANCELLED, True, Gap.ENDED_BY_HAND),
        (CycleState.FAILED, True, Gap.CYCLE_FAILED),
        (CycleState.TIMED_OUT, False, Gap.CYCLE_FAILED),
    ],
)
@pytest.mark.parametrize("now", [OPENED + HOUR, INSIDE, LAST + 6 * DAY])
def test_a_cycle_that_was_cut_is_told_whenever_that_was(
    state: CycleState, has_plans: bool, gap: Gap, now: datetime
) -> None:
    count = 5 if has_plans else 0
    found = lacks(cut(state, has_plans=has_plans, plans_open=count), now)
    assert found == Uncovered(PERIOD, gap, count, state)


@pytest.mark.parametrize("state", [ControlState.CANCELLED, ControlState.ROLLED_BACK])
def test_a_cycle_that_was_cancelled_or_rolled_back_by_command_is_meant_so(state: ControlState) -> None:
    for fate in CycleState:
        assert lacks(cut(fate, control=state)) is None
    assert lacks(cut(CycleState.TERMINATED, control=ControlState.PAUSED)) is not None


def test_a_cycle_that_has_ended_well_is_covered_also_when_the_server_has_forgotten_it() -> None:
    assert lacks(cut(CycleState.COMPLETED)) is None
    assert lacks(replace(NONE, has_plans=True, balanced=True)) is None
    assert lacks(replace(NONE, has_plans=True, plans_open=3)) == Uncovered(PERIOD, Gap.NO_CYCLE)


def test_a_cycle_without_plans_is_told_once_a_pass_would_be_over() -> None:
    empty = replace(HEALTHY, has_plans=False, plans_open=0)
    assert lacks(empty, OPENED + HOUR / 2) is None
    assert lacks(empty, OPENED + HOUR) == Uncovered(PERIOD, Gap.NO_PLANS)


def test_users_without_a_plan_are_told_once_a_pass_and_the_pause_before_it_would_be_over() -> None:
    waiting = tuple(INSIDE - minutes * timedelta(minutes=1) for minutes in (5, 89, 91, 600))
    assert lacks(replace(HEALTHY, waiting=waiting)) == Uncovered(PERIOD, Gap.WITHOUT_PLAN, 2)
    assert lacks(replace(HEALTHY, waiting=waiting[:2])) is None
    # Nobody is planned for a month that is over, and everybody joins the next one.
    assert lacks(replace(HEALTHY, waiting=tuple(LAST for _ in waiting)), LAST + DAY) is None


def test_found_open_tells_what_became_of_the_cycle() -> None:
    running, none = ControlState.RUNNING, {ControlState.CANCELLED, ControlState.ROLLED_BACK}
    said = {state: found_open(CycleFate(state=state), running) for state in CycleState}
    assert {state for state, text in said.items() if text == ENDED_BY_HAND} == {
        CycleState.TERMINATED,
        CycleState.CANCELLED,
    }
    assert {state for state, text in said.items() if text == CYCLE_FAILED} == {CycleState.FAILED, CycleState.TIMED_OUT}
    assert all(found_open(CycleFate(state=state), one) == ALREADY_OPEN for state in CycleState for one in none)


@given(st.integers(0, 6 * 365 * 24), st.integers(0, 40))
def test_every_period_that_may_still_be_sent_for_is_watched_and_the_next_one(hours: int, late: int) -> None:
    now, max_late = datetime(2026, 1, 1, tzinfo=UTC) + hours * HOUR, late * DAY
    watched = watched_periods(now, max_late)
    assert watched == sorted(watched)
    period = "2025-10"
    while period < "2032-03":
        begins, ends = period_window(period)
        if begins - LEAD <= now <= ends + max_late:
            assert period in watched
        period = next_period(period)
    assert len(watched) <= 4


@given(st.integers(1, 31), st.integers(0, 365), st.integers(0, 23))
def test_with_a_monthly_opening_no_month_is_left_out_or_told_unless_it_comes_too_late(
    day: int, ahead: int, hour: int
) -> None:
    """Over a year, day by day: the Schedule opens on a day every month has; each period it opened has a cycle."""
    day = min(day, 28)
    now = datetime(2026, 6, 1, hour, tzinfo=UTC) + ahead * DAY
    every = [datetime(year, month, day, 5, tzinfo=UTC) for year in (2026, 2027, 2028) for month in range(1, 13)]
    openings = replace(USED, times=tuple(at for at in every if at > now))
    from_on = {at.day > 15 for at in every}.pop()
    opened = {f"{at:%Y-%m}" if not from_on else next_period(f"{at:%Y-%m}") for at in every if at <= now}
    late = not from_on and day > 6
    for period in watched_periods(now, RULES.max_late):
        state = HEALTHY if period in opened else NONE
        found = uncovered(now, replace(state, period=period), openings, RULES)
        assert (found is None) or late, (period, now)


def test_the_periods_before_the_next_opening_are_those_nothing_opens() -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    january = replace(USED, times=(datetime(2026, 12, 25, 5, tzinfo=UTC),))
    assert periods_before(january, now, 7 * DAY) == ["2026-11", "2026-12", "2027-01"]
    found = [
        period
        for period in periods_before(january, now, 7 * DAY)
        if is_missed(replace(NONE, period=period), january, RULES)
    ]
    assert found == ["2026-11", "2026-12"]
    assert not is_missed(HEALTHY, january, RULES)
    assert not is_missed(replace(NONE, control=ControlState.CANCELLED), january, RULES)
    # In the first days of a month what the one before lacked may still go out.
    early = periods_before(january, datetime(2026, 11, 3, tzinfo=UTC), 7 * DAY)
    assert early[0] == period_before("2026-11")
    fresh = MonthlyOpenings(ZONE, created_at=datetime(2026, 11, 2, tzinfo=UTC), times=january.times, ever=True)
    assert periods_before(fresh, datetime(2026, 11, 3, tzinfo=UTC), 7 * DAY)[0] == "2026-11"
