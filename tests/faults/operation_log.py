"""What the database has acknowledged, written down by somebody else as it happens: none of it may ever be gone."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

LOOK_EVERY_S = 0.2
OVERLAP = timedelta(seconds=30)
"""Instants are the workers', and what a later look finds may carry an earlier one."""
PATIENCE_MS = 2000
DURABLE = WriteConcern(w="majority", j=True, wtimeout=PATIENCE_MS)


class OperationLog:
    """Follows the sent invitations while the context lasts, with majority reads over a connection of its own."""

    def __init__(self, uri: str, database: str) -> None:
        self._client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            uri,
            appname="fault-harness",
            tz_aware=True,
            readPreference="primary",
            serverSelectionTimeoutMS=PATIENCE_MS,
            connectTimeoutMS=PATIENCE_MS,
            socketTimeoutMS=PATIENCE_MS,
        )
        self._marks = self._client[f"{database}_harness"].get_collection("marks", write_concern=DURABLE)
        self._entries = self._client[database].get_collection("invitations", read_concern=ReadConcern("majority"))
        self._task: asyncio.Task[None] | None = None
        self.sent: dict[str, datetime] = {}

    async def __aenter__(self) -> OperationLog:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._client.close()

    async def forgotten(self) -> list[str]:
        """Return the invitations that were recorded as sent and are not any more, or at another instant."""
        known = dict(self.sent)
        while True:
            try:
                # A majority read may lag behind; one after a write that the majority confirmed does not.
                await self._marks.insert_one({})
                now = await self._read({"_id": {"$in": list(known)}})
            except PyMongoError:
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                return sorted(one for one, at in known.items() if now.get(one) != at)

    async def _follow(self) -> None:
        while True:
            newest = max(self.sent.values(), default=None)
            try:
                found = await self._read({"sentAt": {"$gt": newest - OVERLAP} if newest else {"$ne": None}})
            except PyMongoError:
                found = {}
            # What was written down first counts: a second instant would be a second sending.
            self.sent = {**found, **self.sent}
            await asyncio.sleep(LOOK_EVERY_S)

    async def _read(self, query: dict[str, Any]) -> dict[str, datetime]:
        return {
            raw["_id"]: raw["sentAt"] async for raw in self._entries.find(query, {"sentAt": 1}) if raw.get("sentAt")
        }
