"""The application's messages by the hash of their id: the unique index that makes each count once (SPEC G1)."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import WriteConcern
from pymongo.errors import BulkWriteError

from relance.adapters.mongo.documents import Collection, MotorDatabase
from relance.adapters.mongo.errors import only_duplicates, translated
from relance.ports.inbox import Received


class MongoInbox:
    """`ports.Inbox` over the collection `inbox`."""

    def __init__(self, database: MotorDatabase) -> None:
        self._collection: Collection = database.inbox
        # Lost in a failover, a repeated message is applied once more, which changes nothing twice.
        self._leisurely: Collection = database.inbox.with_options(write_concern=WriteConcern(w=1))

    async def known(self, ids: Sequence[str]) -> dict[str, Received]:
        """Return the messages among these that have come in before, by id."""
        if not ids:
            return {}
        with translated("look up messages"):
            raws = await self._collection.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {
            raw["_id"]: Received(raw["_id"], raw["digest"], raw["answer"], raw["at"], bool(raw.get("done")))
            for raw in raws
        }

    async def put(self, messages: Sequence[Received], *, is_followed: bool = False) -> set[str]:
        """Write messages; return the ids of those that were there."""
        if not messages:
            return set()
        raws = [
            {"_id": message.id, "digest": message.digest, "answer": message.answer, "at": message.at}
            for message in messages
        ]
        # Journal and oplog keep their order: what is committed later commits this too, and one commit is waited for.
        collection = self._leisurely if is_followed else self._collection
        with translated("write messages"):
            try:
                await collection.insert_many(raws, ordered=False)
            except BulkWriteError as error:
                if not only_duplicates(error):
                    raise
                return {problem["op"]["_id"] for problem in error.details["writeErrors"]}
        return set()

    async def done(self, ids: Sequence[str]) -> None:
        """Note that all these messages ask for is done."""
        if ids:
            with translated("close messages"):
                await self._leisurely.update_many({"_id": {"$in": list(ids)}}, {"$set": {"done": True}})
