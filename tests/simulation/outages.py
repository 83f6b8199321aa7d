"""Outages: of seconds and minutes, and of hours and days, of one part or of several at once."""

from __future__ import annotations

import asyncio
from datetime import datetime

from tests.simulation.chance import long_time
from tests.simulation.checks import Checks
from tests.simulation.machines import Machines
from tests.simulation.moments import wait_for_a_moment
from tests.simulation.world import World

LEAST, MOST = 3600.0, 9 * 86_400.0
"""An hour to nine days: past both reminders of what was sent before."""

PARTS = ("server", "workers", "database", "relay")


class Outages:
    """Take parts away for a while."""

    def __init__(self, world: World, machines: Machines, checks: Checks) -> None:
        self._world = world
        self._checks = checks
        self._machines = machines

    def short(self) -> None:
        """Take the database or the relay away for a while, as it happens every week."""
        now, dice = self._world.loop.time(), self._world.dice
        if dice.random() < 0.5:
            self._world.trace.fault("database", "outage")
            self._world.database_down_until = max(self._world.database_down_until, now + dice.uniform(1.0, 60.0))
        else:
            self._world.trace.fault("relay", "outage")
            until = now + dice.choice((10.0, 120.0, 600.0, 3600.0))
            self._world.relay_down_until = max(self._world.relay_down_until, until)

    async def long_ones(self, until: datetime) -> None:
        """Take parts away for hours and days; the second part while the first one is away, or in turn."""
        world, dice = self._world, self._world.dice
        while world.rates.long_outages_per_day and world.now() < until:
            await wait_for_a_moment(world, world.rates.long_outages_per_day)
            for part in dice.sample(PARTS, dice.choice((1, 1, 1, 2, 3))):
                seconds = long_time(dice, LEAST, MOST)
                self.take_away(part, seconds)
                await asyncio.sleep(dice.uniform(0.0, 1.2) * seconds)

    def take_away(self, part: str, seconds: float) -> None:
        """Take a part away for so many seconds."""
        world = self._world
        world.trace.fault(part, f"{part}-away", f"for {seconds / 3600:.1f} h")
        until = world.loop.time() + seconds
        if part == "server":
            world.server_down_until = max(world.server_down_until, until)
        elif part == "workers":
            self._machines.away(seconds)
        elif part == "database":
            self._checks.cut_off(self._machines.workers)
            world.database_down_until = max(world.database_down_until, until)
        else:
            world.relay_down_until = max(world.relay_down_until, until)
