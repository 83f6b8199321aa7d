"""Backups, and what is done when one of them is put back: docs/operations.md, "Backup and restore"."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.domain.invitations.restore import Restore
from tests.simulation.chance import long_time
from tests.simulation.checks import Checks
from tests.simulation.machines import Machines
from tests.simulation.memory.database import open_memory
from tests.simulation.memory.link import SafeLink
from tests.simulation.memory.store import Backup
from tests.simulation.moments import wait_for_a_moment
from tests.simulation.temporal.server import Workflows
from tests.simulation.timetable import Timetable
from tests.simulation.world import World

KEPT = 60
OLDEST_WITH_LOG, OLDEST_WITHOUT = timedelta(days=6), timedelta(days=2.5)
"""Without a relay's log a reminder that followed a forgotten invitation would be due anew, and nobody could know."""

APPLICATION = ("users", "contacts", "suppressions")
Repeat = Callable[[datetime], Awaitable[None]]
"""Has people say again what they said since an instant."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A backup of Temporal as of `server`, and one of MongoDB begun after it, as of `database`."""

    server: datetime
    database: datetime
    documents: Backup


class Backups:
    """Keeps copies, and puts some back."""

    def __init__(
        self, world: World, workflows: Workflows, machines: Machines, timetable: Timetable, checks: Checks
    ) -> None:
        self._world = world
        self._workflows = workflows
        self._machines = machines
        self._timetable = timetable
        self._checks = checks
        self._copies: deque[Copy] = deque(maxlen=KEPT)
        self.repeat: list[Repeat] = []

    async def copy_now_and_then(self, until: datetime) -> None:
        """Keep copies: Temporal first, then MongoDB."""
        while self._world.rates.restores_per_day and self._world.now() < until:
            await asyncio.sleep(self._world.dice.uniform(2.0, 12.0) * 3600)
            server = self._world.now()
            await asyncio.sleep(self._world.dice.uniform(0.0, 600.0))
            self._copies.append(Copy(server, self._world.now(), self._world.store.backup()))

    async def put_back_now_and_then(self, until: datetime) -> None:
        """Lose both servers, or Temporal alone, and go on from a copy."""
        world = self._world
        while world.rates.restores_per_day and world.now() < until:
            await wait_for_a_moment(world, world.rates.restores_per_day)
            oldest = world.now() - (OLDEST_WITH_LOG if self._checks.relay.log else OLDEST_WITHOUT)
            if copies := [one for one in self._copies if one.server > oldest]:
                await self._put_back(world.dice.choice(copies), database=world.dice.random() < 0.75)

    async def _put_back(self, copy: Copy, *, database: bool) -> None:
        world, dice = self._world, self._world.dice
        seconds = long_time(dice, 600.0, 6 * 3600.0)
        world.trace.fault("operator", "restored" if database else "restored-server", f"to {copy.database}")
        now = world.loop.time()
        self._machines.hold()
        world.server_down_until = max(world.server_down_until, now + seconds)
        if database:
            world.database_down_until = max(world.database_down_until, now + seconds)
        await asyncio.sleep(seconds)
        self._copies = deque((one for one in self._copies if one.database <= copy.database), maxlen=KEPT)
        self._workflows.put_back(copy.server)
        if database:
            world.store.put_back(copy.documents, but=APPLICATION if dice.random() < 0.5 else ())
            self._checks.put_back(copy.database)
            await open_memory(world.store, SafeLink()).restores.record(Restore(since=copy.database, at=world.now()))
        self._timetable.put_back(copy.server)
        for repeat in self.repeat if database else ():
            await repeat(copy.database)
        await self._tell_when(world.server_down_until)
        self._machines.let_go()

    async def _tell_when(self, until: float) -> None:
        if (ahead := until - self._world.loop.time()) > 0:
            await asyncio.sleep(ahead)
