"""The last restore of the database, as its operator has told it."""

from __future__ import annotations

from relance.adapters.mongo.documents import Collection, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import Quarantine
from relance.domain.restore import Restore


class MongoRestores:
    """`ports.Restores` over the collection `restores`: one document."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
        self._collection = collection
        self._reader = Reader(Restore, "restores", quarantine)

    async def last(self) -> Restore | None:
        """Return the last restore; None if there was none."""
        with translated("read the last restore"):
            raw = await self._collection.find_one({"_id": "last"})
        return await self._reader.one(raw)

    async def record(self, restore: Restore) -> None:
        """Record a restore; it takes the place of the one before."""
        with translated("record a restore"):
            await self._collection.replace_one({"_id": restore.id}, to_raw(restore), upsert=True)
