"""Background work of the console, for a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw
from relance.adapters.mongo.errors import translated
from relance.ports.console import BackgroundWork, WorkState


class MongoWorks:
    """`ports.console.Works` over the collection `consoleWork`."""

    def __init__(self, database: MotorDatabase) -> None:
        self._collection: Collection = database.consoleWork

    async def begin(self, work: BackgroundWork, *, lost_before: datetime, expires_at: datetime) -> bool:
        """Store that it has begun; return False if it is being done and its process was seen after `lost_before`."""
        raw = {**asdict(work), "asked": dict(work.asked), "state": work.state.value, "expiresAt": expires_at}
        del raw["id"]
        idle = {"$or": [{"state": {"$ne": WorkState.RUNNING.value}}, {"beat_at": {"$lt": lost_before}}]}
        with translated("begin work"):
            try:
                await self._collection.replace_one({"_id": work.id, **idle}, raw, upsert=True)
            except DuplicateKeyError:
                return False
        return True

    async def beat(self, work: BackgroundWork, at: datetime) -> None:
        """Store that its process is alive."""
        await self._set(work, {"beat_at": at}, "keep work")

    async def advance(self, work: BackgroundWork, done: int, total: int) -> None:
        """Store how far it is."""
        await self._set(work, {"done": done, "total": total}, "advance work")

    async def end(
        self, work: BackgroundWork, state: WorkState, *, result: Mapping[str, Any] | None = None, error: str = ""
    ) -> None:
        """Store what came of it, or why nothing did."""
        found = dict(result) if result is not None else None
        await self._set(work, {"state": state.value, "error": error, "result": found}, "end work")

    async def _set(self, work: BackgroundWork, change: Raw, what: str) -> None:
        with translated(what):
            await self._collection.update_one({"_id": work.id, "run": work.run}, {"$set": change})

    async def newest(self, kind: str, limit: int) -> list[BackgroundWork]:
        """Return the newest of a kind, newest first."""
        with translated("list work"):
            found = await self._collection.find({"kind": kind}).sort("at", -1).limit(limit).to_list(limit)
        return [_work(raw) for raw in found]


def _work(raw: Raw) -> BackgroundWork:
    known = {name: raw[name] for name in BackgroundWork.__dataclass_fields__ if name in raw}
    known["state"] = WorkState(raw["state"])
    return replace(BackgroundWork(id=raw["_id"], kind="", by="", at=raw["at"], asked={}), **known)
