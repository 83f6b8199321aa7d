"""What the database says about itself: how quickly it takes a write, how full its disk is (SPEC H2)."""

from __future__ import annotations

from datetime import datetime

from relance.adapters.mongo.documents import MotorDatabase
from relance.adapters.mongo.errors import translated

_ID = "health-check"


class MongoVitalSigns:
    """Looks that cost one round trip or two."""

    def __init__(self, database: MotorDatabase) -> None:
        self._database = database

    async def write(self, at: datetime) -> None:
        """Ping, then write one document that a majority has in its journal."""
        with translated("write for the health check"):
            await self._database.command("ping")
            await self._database.healthProbe.replace_one({"_id": _ID}, {"at": at}, upsert=True)

    async def disk_used(self) -> float | None:
        """Return how much of the primary's disk is in use, in percent; None if it does not tell."""
        with translated("read the database's disk"):
            stats = await self._database.command("dbStats")
        total = stats.get("fsTotalSize")
        return 100.0 * stats["fsUsedSize"] / total if total else None
