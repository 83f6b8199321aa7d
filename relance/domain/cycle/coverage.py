"""Whether a period is covered: it has a cycle, plans, and a plan of each user.

SPEC C1, C4, C14. A period without a cycle leaves no record that says so: no run fails, no reminder is late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from relance.domain.base import Utc, Wire
from relance.domain.cycle.control import ControlState
from relance.domain.cycle.send_times import current_period, next_period, period_before, period_of_opening, period_window
from relance.domain.jobs.run import ALREADY_OPEN, CYCLE_FAILED, ENDED_BY_HAND

LEAD = timedelta(days=1)
"""So long before the first send time on Earth a period must have its cycle, whatever was meant to open it."""
MOST_PERIODS = 14


class CycleState(StrEnum):
    """The state of a period's cycle on the server; `none` if the server knows of no cycle."""

    NONE = "none"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"
    FAILED = "failed"
    TIMED_OUT = "timed_out"

    @property
    def by_hand(self) -> bool:
        """Whether somebody ended it in Temporal, and not by `cycle cancel`."""
        return self in {CycleState.CANCELLED, CycleState.TERMINATED}

    @property
    def cut(self) -> bool:
        """Whether it ended before its balance."""
        return self.by_hand or self in {CycleState.FAILED, CycleState.TIMED_OUT}


class CycleFate(Wire):
    """A period's cycle as the server knows it: its newest run, and since when that runs."""

    state: CycleState = CycleState.NONE
    started_at: Utc | None = None


class Gap(StrEnum):
    """What a period lacks."""

    NO_CYCLE = "no_cycle"
    ENDED_UNPLANNED = "ended_unplanned"
    ENDED_BY_HAND = "ended_by_hand"
    CYCLE_FAILED = "cycle_failed"
    NO_PLANS = "no_plans"
    WITHOUT_PLAN = "users_without_plan"


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A period and what it lacks; `count` are plans that are open, or users, and `state` how its cycle ended."""

    period: str
    gap: Gap
    count: int = 0
    state: CycleState = CycleState.NONE


@dataclass(frozen=True, slots=True)
class CoverageRules:
    """The margins: `max_late` of SPEC C14, how long a planning pass may take, and how often there is one."""

    max_late: timedelta
    planned_within: timedelta
    replan_every: timedelta


@dataclass(frozen=True, slots=True)
class MonthlyOpenings:
    """The Schedule that opens the periods, if there is one, and what the database knows of earlier ones.

    `times` are its next nominal times, and those that passed a moment ago. `ever` says whether it has ever acted,
    `first_period` is the earliest one that has plans or a report.
    """

    zone: str
    created_at: datetime | None = None
    paused: bool = False
    times: tuple[datetime, ...] = ()
    ever: bool = False
    first_period: str | None = None

    def expects(self, period: str) -> bool:
        """Return whether this installation was in use before the period began; a new one does not open it (SPEC C1)."""
        if self.created_at is None and not self.ever:
            return False
        if self.first_period is not None and self.first_period <= period:
            return True
        return self.created_at is not None and self.created_at < period_window(period)[0]

    def opens_in_time(self, period: str, max_late: timedelta) -> bool:
        """Return whether the Schedule is still to open the period, before any of its sends would come too late."""
        latest = period_window(period)[0] + max_late
        return not self.paused and any(at <= latest and period_of_opening(at, self.zone) == period for at in self.times)


@dataclass(frozen=True, slots=True)
class PeriodState:
    """What is known of a period.

    `balanced` says that its report is stored and nothing of it is open; `waiting` since when users have no plan.
    """

    period: str
    fate: CycleFate
    control: ControlState = ControlState.RUNNING
    balanced: bool = False
    has_users: bool = True
    has_plans: bool = False
    plans_open: int = 0
    waiting: tuple[datetime, ...] = ()


def found_open(fate: CycleFate, control: ControlState) -> str:
    """Return the state of a job run that found a period's cycle started before: what has become of that."""
    if fate.state.cut and not control.final:
        return ENDED_BY_HAND if fate.state.by_hand else CYCLE_FAILED
    return ALREADY_OPEN


def watched_periods(now: datetime, max_late: timedelta) -> list[str]:
    """Return the periods that are asked about, in their order: the next one, and back while anything may still go out.

    The next one is among them from the beginning of the month on, because its cycle may exist and end long before.
    """
    found = [next_period(current_period(now, "UTC"))]
    while len(found) < MOST_PERIODS and period_window(period_before(found[-1]))[1] + max_late >= now:
        found.append(period_before(found[-1]))
    return sorted(found)


def periods_before(openings: MonthlyOpenings, now: datetime, max_late: timedelta) -> list[str]:
    """Return the periods up to the first that the Schedule is still to open, this one included, in their order.

    It begins with the current one; with an earlier one where that was owed its mails and they may still go out.
    """
    current = current_period(now, openings.zone)
    earlier = [period for period in watched_periods(now, max_late) if period < current and openings.expects(period)]
    opened = [period_of_opening(at, openings.zone) for at in openings.times]
    last, found = min(opened, default=next_period(current)), [current]
    while found[-1] < last and len(found) < MOST_PERIODS:
        found.append(next_period(found[-1]))
    return [*earlier, *found]


def is_missed(state: PeriodState, openings: MonthlyOpenings, rules: CoverageRules) -> bool:
    """Return whether a period has no cycle, is owed one, and the Schedule will not open it in time."""
    if state.control.final or state.balanced or state.fate.state is not CycleState.NONE:
        return False
    return not openings.opens_in_time(state.period, rules.max_late)


def plans_users(period: str, now: datetime) -> bool:
    """Return whether each user must have a plan of the period: from the lead on until its last send time."""
    begins, ends = period_window(period)
    return begins - LEAD <= now <= ends


def uncovered(now: datetime, state: PeriodState, openings: MonthlyOpenings, rules: CoverageRules) -> Uncovered | None:
    """Return what a period lacks at this instant, None if it is covered or nothing is owed to it."""
    fate = state.fate.state
    is_over = now > period_window(state.period)[1] + rules.max_late
    if state.control.final or state.balanced or fate is CycleState.COMPLETED or is_over:
        return None
    if not (state.has_users or state.plans_open):
        return None
    if fate.cut:
        return Uncovered(state.period, _end(state), state.plans_open, fate)
    return _unopened(now, state, openings, rules) if fate is CycleState.NONE else _unplanned(now, state, rules)


def _unopened(now: datetime, state: PeriodState, openings: MonthlyOpenings, rules: CoverageRules) -> Uncovered | None:
    if not openings.expects(state.period) or openings.opens_in_time(state.period, rules.max_late):
        return None
    # A pause before its time may be meant; what no Schedule will ever open is lost today as well as then.
    early = openings.created_at is not None and not openings.paused
    due = now >= period_window(state.period)[0] - LEAD
    return Uncovered(state.period, Gap.NO_CYCLE) if early or due else None


def _unplanned(now: datetime, state: PeriodState, rules: CoverageRules) -> Uncovered | None:
    if not state.has_plans:
        since = state.fate.started_at or now
        return Uncovered(state.period, Gap.NO_PLANS) if now - since > rules.planned_within else None
    lasting = _lasting(state.waiting, now, rules) if plans_users(state.period, now) else 0
    return Uncovered(state.period, Gap.WITHOUT_PLAN, lasting) if lasting else None


def _end(state: PeriodState) -> Gap:
    if not state.fate.state.by_hand:
        return Gap.CYCLE_FAILED
    return Gap.ENDED_BY_HAND if state.has_plans else Gap.ENDED_UNPLANNED


def _lasting(waiting: Iterable[datetime], now: datetime, rules: CoverageRules) -> int:
    """Count the users who have been without a plan for longer than a pass, and the pause before it, take."""
    patience = rules.replan_every + rules.planned_within
    return sum(now - since > patience for since in waiting)
