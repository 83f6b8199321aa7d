"""Does MongoDB take writes, and how quickly?"""

from __future__ import annotations

from dataclasses import dataclass

from relance.adapters.mongo.health import MongoServerStatus
from relance.adapters.probes.timing import milliseconds
from relance.domain.health.probes import ProbeName
from relance.ports import Clock
from relance.ports.health import ProbeReading


@dataclass(frozen=True, slots=True)
class MongoProbe:
    """A ping, and a write that a majority has in its journal."""

    signs: MongoServerStatus
    clock: Clock
    deadline: float
    name: str = ProbeName.MONGODB

    async def look(self) -> ProbeReading:
        """Return how long both took together."""
        return await milliseconds(self.signs.write(self.clock.now()))
