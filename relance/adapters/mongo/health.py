"""Where every probe stands (SPEC H2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymongo import ReplaceOne

from relance.adapters.mongo.documents import Collection, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.piecewise import read_each
from relance.adapters.mongo.quarantine import Quarantine
from relance.domain.health import Standing


class MongoHealthChecks:
    """`ports.HealthChecks` over the collection `healthChecks`: one document per probe."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
        self._collection = collection
        self._reader = Reader(Standing, "healthChecks", quarantine)

    async def all(self) -> Mapping[str, Standing]:
        """Return every known standing by probe."""
        with translated("read the health of everything"):
            raws = await read_each(self._collection, lambda some, fields: some.find({}, fields), None)
        return {standing.probe: standing for standing in await self._reader.valid(raws)}

    async def store(self, standings: Sequence[Standing]) -> None:
        """Replace the standings of these probes."""
        if not standings:
            return
        with translated("store the health of everything"):
            await self._collection.bulk_write(
                [ReplaceOne({"_id": one.probe}, to_raw(one), upsert=True) for one in standings], ordered=False
            )
