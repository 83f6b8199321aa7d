"""The way from one process to the database, and all that can happen on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from pymongo.errors import AutoReconnect, NetworkTimeout, ServerSelectionTimeoutError

from tests.simulation.world import Process, World


class FaultyLink:
    """Calls are refused, done in part, done without an answer, slow, or in a process that dies meanwhile."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process

    async def call(self, operation: str, steps: Sequence[Callable[[], Any]]) -> list[Any]:
        world, name = self._world, self._process.name
        if world.over:
            await world.hang()
        if world.chance(world.rates.kill_at_call):
            self._process.kill()
        if not self._process.alive:
            await world.hang()
        await world.way(self._process, world.delay(self._process, 0.02), lambda: [step() for step in steps])
        if world.loop.time() < world.database_down_until:
            world.trace.fault(name, "database-down", operation)
            raise ServerSelectionTimeoutError("simulated")
        if world.chance(world.rates.database_before):
            world.trace.fault(name, "database-before", operation)
            raise AutoReconnect("simulated")
        if len(steps) > 1 and world.chance(world.rates.database_half):
            for step in steps[: world.dice.randrange(1, len(steps))]:
                step()
            world.trace.fault(name, "database-half", operation)
            raise AutoReconnect("simulated")
        world.trace.event(name, operation)
        results = [step() for step in steps]
        await asyncio.sleep(world.delay(self._process, 0.02))
        if world.chance(world.rates.database_after):
            world.trace.fault(name, "database-after", operation)
            raise NetworkTimeout("simulated")
        return results
