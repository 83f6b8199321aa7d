"""What all worker processes know of the results of a cycle (SPEC C10)."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import Quarantine
from relance.domain.error_gate import GateState


class MongoErrorGates:
    """`ports.ErrorGates` over the collection `errorGates`: one document per stretch, forgotten by a TTL index."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
        self._collection = collection
        self._reader = Reader(GateState, "errorGates", quarantine)

    async def get(self, stretch: str) -> GateState:
        """Return the state of a stretch; version 0 if nobody has told anything.

        One that cannot be read is quarantined and counting begins anew: it would hold up the cycle, and is worth less.
        """
        with translated("read the error gate"):
            raw = await self._collection.find_one({"_id": stretch})
        state = await self._reader.one(raw)
        if raw is not None and state is None:
            with translated("begin the error gate anew"):
                await self._collection.delete_one({"_id": stretch})
        return state or GateState(id=stretch)

    async def replace(self, state: GateState) -> bool:
        """Write a state by compare-and-set: only after the version before it. Return whether it was written."""
        before = {"_id": state.id, "version": state.version - 1}
        with translated("write the error gate"):
            try:
                written = await self._collection.replace_one(before, to_raw(state), upsert=state.version == 1)
            except DuplicateKeyError:
                # Another process has told something first.
                return False
        return written.matched_count == 1 or written.upserted_id is not None
