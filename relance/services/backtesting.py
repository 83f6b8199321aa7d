"""A check's rule on past days, several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from relance.contracts.names import CheckName
from relance.domain.jobs.cron import nominal_on
from relance.domain.reports.rules import CheckRules
from relance.domain.zones import Window
from relance.errors import ReportError, ReportUnavailable
from relance.ports import Reports
from relance.services.conditions import window_of_check
from relance.services.report_checks import CheckRun, run_check

TRIES = 3
LONGEST_WAIT = 60.0
"""Seconds; hundreds of days may use up what Everflow allows within half a minute."""


@dataclass(frozen=True, slots=True)
class Days:
    """What looks back: a check with its rules, its cron expression, and the reports."""

    check: CheckName
    reports: Reports
    rules: CheckRules
    cron: str
    calls_at_once: int

    async def on(self, day: date) -> Past:
        """Return what the run of a day would have seen; a day without data says why."""
        zone = self.rules.zone
        nominal = nominal_on(day, self.cron, zone)
        window = window_of_check(self.check, nominal, zone)
        try:
            return Past(day, window, await self._look(nominal))
        except ReportError as error:
            return Past(day, window, no_data=error)

    async def _look(self, nominal: datetime) -> CheckRun:
        tries = 0
        while True:
            try:
                return await run_check(self.check, self.reports, self.rules, nominal)
            except ReportUnavailable as error:
                tries += 1
                if tries == TRIES or error.retry_after is None or error.retry_after > LONGEST_WAIT:
                    raise
                await asyncio.sleep(error.retry_after)


@dataclass(frozen=True, slots=True)
class Past:
    """One day of a run: what it would have seen, or why it would have had no data."""

    day: date
    window: Window
    seen: CheckRun | None = None
    no_data: ReportError | None = None


async def look_back(days: Days, wanted: Sequence[date], done: Callable[[], object]) -> list[Past]:
    """Return what the runs of these days would have seen, in their order; calls `done` after each.

    Raises:
        ReportError: Everflow is away, or the key, the zone or the currency is wrong: no day could be judged.
    """
    await days.reports.prepare()
    # A table may have 10,000 rows: so many at once are enough to keep every allowed call busy.
    turns = asyncio.Semaphore(days.calls_at_once)

    async def one(day: date) -> Past:
        async with turns:
            past = await days.on(day)
        done()
        return past

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(day)) for day in wanted]
    return [task.result() for task in tasks]
