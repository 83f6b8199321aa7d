"""The way from one worker process to the database, and all that can happen on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pymongo.errors import AutoReconnect, NetworkTimeout, ServerSelectionTimeoutError

from tests.simulation.world import World


class Process(Protocol):
    """Who calls: dead processes get no answers."""

    name: str
    alive: bool

    def kill(self) -> None:
        """End it at once."""


class FaultyLink:
    """Calls are refused, done in part, done without an answer, slow, or in a process that dies meanwhile."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process

    async def call(self, operation: str, steps: Sequence[Callable[[], Any]]) -> list[Any]:
        world, process = self._world, self._process
        if world.over or not process.alive:
            await world.hang()
        if world.chance(world.rates.kill_at_call):
            process.kill()
        await asyncio.sleep(self._delay())
        if not process.alive and world.dice.random() < 0.5:
            # The request had not left.
            await world.hang()
        if world.loop.time() < world.database_down_until:
            world.trace.fault(process.name, "database-down", operation)
            raise ServerSelectionTimeoutError("simulated")
        if world.chance(world.rates.database_before):
            world.trace.fault(process.name, "database-before", operation)
            raise AutoReconnect("simulated")
        if len(steps) > 1 and world.chance(world.rates.database_half):
            for step in steps[: world.dice.randrange(1, len(steps))]:
                step()
            world.trace.fault(process.name, "database-half", operation)
            raise AutoReconnect("simulated")
        world.trace.event(process.name, operation)
        results = [step() for step in steps]
        await asyncio.sleep(self._delay())
        if not process.alive:
            await world.hang()
        if world.chance(world.rates.database_after):
            world.trace.fault(process.name, "database-after", operation)
            raise NetworkTimeout("simulated")
        return results

    def _delay(self) -> float:
        world = self._world
        if world.chance(world.rates.slow):
            world.trace.fault(self._process.name, "slow")
            return world.dice.uniform(1.0, 45.0)
        return world.dice.uniform(0.0005, 0.02)
