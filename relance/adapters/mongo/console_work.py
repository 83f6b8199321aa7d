"""Background work of the console, for a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw
from relance.adapters.mongo.errors import translated
from relance.ports.console import BackgroundWork


class MongoWorks:
    """`ports.console.Works` over the collection `consoleWork`."""

    def __init__(self, database: MotorDatabase) -> None:
        self._collection: Collection = database.consoleWork

    async def begin(self, work: BackgroundWork, expires_at: datetime) -> None:
        """Store that it has begun."""
        with translated("begin work"):
            raw = {**asdict(work), "_id": work.id, "asked": dict(work.asked), "expiresAt": expires_at}
            del raw["id"]
            await self._collection.insert_one(raw)

    async def advance(self, work_id: str, done: int, total: int) -> None:
        """Store how far it is."""
        with translated("advance work"):
            await self._collection.update_one({"_id": work_id}, {"$set": {"done": done, "total": total}})

    async def end(self, work_id: str, *, result: Mapping[str, Any] | None = None, error: str = "") -> None:
        """Store what came of it, or why nothing did."""
        state = "failed" if error else "done"
        change = {"state": state, "error": error, "result": dict(result) if result is not None else None}
        with translated("end work"):
            await self._collection.update_one({"_id": work_id}, {"$set": change})

    async def newest(self, kind: str, limit: int) -> list[BackgroundWork]:
        """Return the newest of a kind, newest first."""
        with translated("list work"):
            found = await self._collection.find({"kind": kind}).sort("at", -1).limit(limit).to_list(limit)
        return [_work(raw) for raw in found]


def _work(raw: Raw) -> BackgroundWork:
    known = {name: raw[name] for name in BackgroundWork.__dataclass_fields__ if name in raw}
    return replace(BackgroundWork(id=raw["_id"], kind="", by="", at=raw["at"], asked={}), **known)
