"""Who does not want to hear of which alerts, why, and until when (SPEC A3)."""

from __future__ import annotations

from datetime import datetime

from relance.adapters.mongo.documents import Collection, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.piecewise import read_each
from relance.adapters.mongo.quarantine import Quarantine
from relance.domain.alerts.silences import Silence


class MongoSilences:
    """`ports.Silences` over the collection `silences`."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
        self._collection = collection
        self._reader = Reader(Silence, "silences", quarantine)

    async def add(self, silence: Silence) -> None:
        """Store a silence."""
        with translated("store a silence"):
            await self._collection.replace_one({"_id": silence.id}, to_raw(silence), upsert=True)

    async def active(self, now: datetime) -> list[Silence]:
        """Return the silences that hold now, the one that ends first at the front."""
        with translated("read silences"):
            holding = {"endsAt": {"$gt": now}, "startsAt": {"$lte": now}}
            raws = await read_each(
                self._collection, lambda some, fields: some.find(holding, fields).sort("endsAt", 1), None
            )
        return await self._reader.valid(raws)
