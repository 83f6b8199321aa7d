"""Asks of every period that is near whether it is looked after: for the health check, the watchdog and the CLI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.contracts.names import MONTHLY_SCHEDULE
from relance.domain.cycle.coverage import (
    CoverageRules,
    CycleState,
    MonthlyOpenings,
    PeriodState,
    Uncovered,
    plans_users,
    uncovered,
    watched_periods,
)
from relance.ports import Clock, Controls, Coverage, CycleFates, JobRuns, NominalTimes

AHEAD = timedelta(days=370)
"""Further than the next opening of any Schedule that opens a month a year."""


@dataclass(frozen=True, slots=True)
class CoverageWatch:
    """Looks at the periods, one after the other; may be called at any time and by several at once.

    `zone` is that of the Schedule that opens them.
    """

    coverage: Coverage
    controls: Controls
    job_runs: JobRuns
    fates: CycleFates
    nominal_times: NominalTimes
    rules: CoverageRules
    zone: str
    clock: Clock

    async def look(self) -> list[Uncovered]:
        """Return what is not looked after, by period.

        Raises:
            DependencyUnavailable: the server or the database does not answer.
        """
        now = self.clock.now()
        if not await self.coverage.has_users() and await self.coverage.first_period() is None:
            return []
        openings = await self.openings(now)
        states = [await self.state(period, now) for period in watched_periods(now, self.rules.max_late)]
        found = [uncovered(now, state, openings, self.rules) for state in states]
        return [gap for gap in found if gap is not None]

    async def openings(
        self, now: datetime, *, since: datetime | None = None, although_paused: bool = False
    ) -> MonthlyOpenings:
        """Return how the Schedule that opens the periods stands, with its nominal times from `since` on.

        By default from a moment ago on: what its latest time has started may be about to open the period. With
        `although_paused` a paused one is described as if it acted.
        """
        first = await self.coverage.first_period()
        schedule = await self.nominal_times.schedule(MONTHLY_SCHEDULE)
        ever = bool(await self.job_runs.runs(job=MONTHLY_SCHEDULE, limit=1))
        if schedule is None:
            return MonthlyOpenings(self.zone, ever=ever, first_period=first)
        since = since if since is not None else now - self.rules.planned_within
        times, _ = await self.nominal_times.matching(MONTHLY_SCHEDULE, since, now + AHEAD)
        return MonthlyOpenings(
            self.zone,
            created_at=schedule.created_at,
            paused=schedule.paused and not although_paused,
            times=tuple(times),
            ever=True,
            first_period=first,
        )

    async def state(self, period: str, now: datetime) -> PeriodState:
        """Return what is known of a period; users without a plan are looked for only while each must have one."""
        fate = await self.fates.fate(period)
        report = await self.job_runs.statistics(period)
        has_plans = await self.coverage.has_plans(period)
        searched = has_plans and fate.state is CycleState.RUNNING and plans_users(period, now)
        waiting: Sequence[datetime] = await self.coverage.waiting(period, now) if searched else ()
        return PeriodState(
            period=period,
            fate=fate,
            control=(await self.controls.get(period)).state,
            balanced=report is not None and report.open == 0 and report.plans_open == 0,
            has_users=await self.coverage.has_users(),
            has_plans=has_plans,
            plans_open=await self.coverage.plans_open(period) if has_plans else 0,
            waiting=tuple(waiting),
        )
