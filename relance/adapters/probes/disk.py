"""Is there room left: where the database writes, and where this worker does?"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass

from relance.adapters.mongo.health import MongoServerStatus
from relance.domain.health.probes import ProbeName
from relance.ports.health import ProbeReading

PERCENT = "%"


@dataclass(frozen=True, slots=True)
class DatabaseDiskProbe:
    """The disk of MongoDB's primary, as it sees it itself."""

    signs: MongoServerStatus
    deadline: float
    name: str = ProbeName.DATABASE_DISK

    async def look(self) -> ProbeReading:
        """Return how much of it is in use; nothing of it where the server does not tell."""
        used = await self.signs.disk_used()
        return ProbeReading(0.0, PERCENT, "not_told") if used is None else ProbeReading(used, PERCENT)


@dataclass(frozen=True, slots=True)
class WorkerDiskProbe:
    """The disk on which this process would write."""

    deadline: float
    name: str = ProbeName.WORKER_DISK

    async def look(self) -> ProbeReading:
        """Return how much of it is in use."""
        # A network disk that hangs must not hold up the loop.
        usage = await asyncio.to_thread(shutil.disk_usage, tempfile.gettempdir())
        # What is set aside for root is not there for us: neither in use nor free.
        return ProbeReading(100.0 * usage.used / (usage.used + usage.free), PERCENT)
