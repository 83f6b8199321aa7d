"""Somebody in Temporal Web: terminates, cancels and resets whatever runs, at bad moments."""

from __future__ import annotations

import asyncio
from datetime import datetime

from tests.simulation.moments import wait_for_a_moment
from tests.simulation.temporal.run import WorkflowRun
from tests.simulation.temporal.server import Workflows
from tests.simulation.world import World
from workflows.monthly_cycle import MonthlyCycle
from workflows.open_period import OpenPeriod
from workflows.send_wave import SendWave

RATHER = (MonthlyCycle, SendWave)
SHORTLY = 5.0
"""Seconds: a wave of the few users here is over after that."""


class Hands:
    """End and reset workflows; those of the cycle rather than any other."""

    def __init__(self, world: World, workflows: Workflows) -> None:
        self._world = world
        self._workflows = workflows
        self._wave: asyncio.Future[None] = world.loop.create_future()
        workflows.on_begun = self._begun

    async def meddle(self, until: datetime) -> None:
        """Do so now and then."""
        while self._world.rates.hands_per_day and self._world.now() < until:
            await wait_for_a_moment(self._world, self._world.rates.hands_per_day)
            if self._world.dice.random() < 0.3:
                # In the middle of a wave.
                await asyncio.wait({self._wave}, timeout=5 * 86_400.0)
                await asyncio.sleep(self._world.dice.uniform(0.0, SHORTLY))
            if self._world.server_is_up and (found := self._chosen()) is not None:
                self._lay_on(found)

    def _begun(self, run: WorkflowRun) -> None:
        if run.start.cls is SendWave:
            self._wave.set_result(None)
            self._wave = self._world.loop.create_future()

    def _chosen(self) -> WorkflowRun | None:
        dice = self._world.dice
        # Whoever opens a period has done so within a second, and leaves its record to the audit of the health check.
        runs = [run for run in self._workflows.open() if run.start.cls is not OpenPeriod]
        rather = [run for run in runs if run.start.cls in RATHER]
        if rather and dice.random() < 0.5:
            runs = rather
        return dice.choice(runs) if runs else None

    def _lay_on(self, run: WorkflowRun) -> None:
        dice, name = self._world.dice, run.start.cls.__name__
        how = dice.choices(("terminate", "cancel", "reset"), (30, 20, 50))[0]
        self._world.trace.fault("hands", f"{how}-{name}", run.id)
        if how == "terminate":
            self._workflows.terminate(run.id)
        elif how == "cancel":
            self._workflows.cancel(run.id)
        else:
            # As people do it: to the beginning, to the last good moment, or anywhere.
            kept = dice.choice((0, max(len(run.history) - 1, 0), dice.randint(0, len(run.history))))
            self._workflows.reset(run.id, kept, reapply=dice.random() < 0.7)
