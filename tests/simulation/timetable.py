"""The Schedules of a run: the month is opened, the reconciliation looks now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from relance.contracts.cycle import CycleOptions, OpenPeriodInput
from relance.contracts.jobs import JobInput
from relance.domain.zones import instant_at
from tests.simulation.temporal.server import Workflows
from tests.simulation.temporal.wire import packed
from tests.simulation.world import World
from workflows.common.nominal_time import NOMINAL_TIME
from workflows.open_period import OpenPeriod
from workflows.reconcile import Reconcile
from workflows.weekly_cleanup import WeeklyCleanup

ZONE = "Europe/Paris"
HOUR = timedelta(hours=1)
LOOKS_WITHIN = (1, 6, 24, 48, 96)
"""Hours between two looks of the reconciliation, as long as there is no cause.

It looks every hour; a simulation that did so would do little else. After one of `CAUSES` it looks within the hour.
"""

CAUSES = ("died", "restored", "restored-server", "server-away", "workers-away", "database-away", "rolled_back")
"""Kinds of faults that leave something to mend, besides whatever hands do."""


class Timetable:
    """Starts what is due, late if the server was away; `nominal_times` are those of the months."""

    def __init__(self, world: World, workflows: Workflows, periods: Sequence[str], options: CycleOptions) -> None:
        self._world = world
        self._workflows = workflows
        self._periods = periods
        self._options = options
        self._started = 0
        self.nominal_times: list[datetime] = []

    async def open_periods(self) -> None:
        """Open each period at its nominal time, some twice."""
        for period in self._periods:
            day_before = datetime.fromisoformat(f"{period}-01").date() - timedelta(days=1)
            nominal = instant_at(day_before.replace(day=25), datetime.min.time().replace(hour=6), ZONE)
            await asyncio.sleep((nominal - self._world.now()).total_seconds())
            await self._until_the_server_is_up()
            self.nominal_times.append(nominal)
            for number in range(self._world.dice.choice((1, 1, 2))):
                await asyncio.sleep(self._world.dice.uniform(0.0, 5.0) * number)
                self._open(nominal)

    async def reconcile(self) -> None:
        """Have the reconciliation look at full hours, for ever; what is due while the server is away is left out."""
        seen, looks_at = 0, self._world.now()
        while not self._world.over:
            nominal = (self._world.now() + HOUR).replace(minute=10, second=0, microsecond=0)
            await asyncio.sleep(max((nominal - self._world.now()).total_seconds(), 1.0))
            trace = self._world.trace
            causes = trace.by["hands"] + sum(trace.counts[kind] for kind in CAUSES)
            if causes == seen and self._world.now() < looks_at:
                continue
            if self._world.server_is_up and not any(one.start.cls is Reconcile for one in self._workflows.open()):
                seen = causes
                looks_at = self._world.now() + self._world.dice.choice(LOOKS_WITHIN) * HOUR
                self._start(Reconcile, JobInput(), "reconcile", nominal)

    async def clean_up(self) -> None:
        """Have the cleanup expire what no follow-up holds any more, once a week."""
        while not self._world.over:
            await asyncio.sleep(7 * 86_400.0)
            await self._until_the_server_is_up()
            self._start(WeeklyCleanup, JobInput(), "cleanup", self._world.now())

    def put_back(self, at: datetime) -> None:
        """Start again what a backup of the server does not know of."""
        for nominal in self.nominal_times:
            if nominal > at:
                self._open(nominal)

    def _open(self, nominal: datetime) -> None:
        self._start(OpenPeriod, OpenPeriodInput(zone=ZONE, options=self._options), "open-period", nominal)

    def _start(self, cls: type, request: object, name: str, nominal: datetime) -> None:
        self._started += 1
        attributes = TypedSearchAttributes([SearchAttributePair(NOMINAL_TIME, nominal)])
        self._workflows.start(cls, packed([request]), f"{name}-{self._started}", nominal=attributes)

    async def _until_the_server_is_up(self) -> None:
        while not self._world.server_is_up:
            await asyncio.sleep(self._world.server_down_until - self._world.loop.time() + 1.0)
