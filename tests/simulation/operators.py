"""The people who run the cycles: they pause one now and then, and let go on what was paused."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from relance.controlling import CycleDesk
from relance.domain.control import ControlState
from relance.errors import DependencyUnavailable
from relance.temporal.cycles import TemporalCycles
from tests.simulation.faulty_link import FaultyLink
from tests.simulation.memory.database import open_memory
from tests.simulation.moments import wait_for_a_moment
from tests.simulation.people import Terminal
from tests.simulation.temporal.client import simulated_client
from tests.simulation.temporal.server import Workflows
from tests.simulation.workers import SkewedClock
from tests.simulation.world import World


class Operators:
    """Act through the desk, as the command line does, and try again until they have an answer."""

    def __init__(self, world: World, workflows: Workflows, periods: list[str]) -> None:
        self._world = world
        self._periods = periods
        terminal = Terminal("operator")
        data = open_memory(world.store, FaultyLink(world, terminal))
        self._desk = CycleDesk(data.controls, TemporalCycles(simulated_client(workflows, terminal)), SkewedClock(world, timedelta(0)))

    async def pause_now_and_then(self, until: datetime) -> None:
        """Pause cycles at bad times."""
        while self._world.rates.pauses_per_day and self._world.now() < until:
            await wait_for_a_moment(self._world, self._world.rates.pauses_per_day)
            period = f"{self._world.now():%Y-%m}"
            if period in self._periods:
                await self._tell(period, ControlState.PAUSED)

    async def resume_what_is_paused(self) -> None:
        """Look every now and then, and let paused cycles go on."""
        while not self._world.over:
            await asyncio.sleep(self._world.dice.uniform(60.0, 4 * 3600.0))
            for period in self._periods:
                control = self._world.store.table("cycleControls").near({"_id": period})
                if control and control[0]["state"] == ControlState.PAUSED:
                    await self._tell(period, ControlState.RUNNING)

    async def _tell(self, period: str, state: ControlState) -> None:
        self._world.trace.event("operator", f"{period} {state}")
        for _ in range(1000):
            try:
                await self._desk.tell(period, state, "simulated", "operator")
            except DependencyUnavailable:
                await asyncio.sleep(self._world.dice.uniform(0.1, 5.0))
            else:
                return
