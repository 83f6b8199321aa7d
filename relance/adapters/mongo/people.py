"""The application's users; read only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from bson import ObjectId

from relance.adapters.mongo.documents import Collection, Raw, Reader, either, projection
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.piecewise import Fields, read_each
from relance.adapters.mongo.quarantine import Quarantine
from relance.adapters.mongo.raw_ids import is_encodable
from relance.domain.people import User
from relance.ports import Page

_FIELDS = projection(User)

# MongoDB compares values of one type only, so a keyset scan goes type by type, in the order of a sort over all of them:
# strings before ObjectIds. Ids of any other type are no ids of ours: they come last and all end in quarantine.
_STRINGS = "string"
_OBJECT_IDS = "objectId"
_OTHERS = [
    "number",
    "object",
    "array",
    "binData",
    "bool",
    "date",
    "null",
    "symbol",
    "javascript",
    "javascriptWithScope",
    "dbPointer",
    "timestamp",
    "minKey",
    "maxKey",
]


class MongoUsers:
    """`ports.Users` over the collection `users`."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
        self._collection = collection
        self._reader = Reader(User, "users", quarantine)

    async def pages(self, *, after: str | None = None, size: int = 500) -> AsyncIterator[Page[User]]:
        """Yield every valid user in order of id, strings before ObjectIds, after the given id.

        24 hex digits in `after` may mean either type; the users say which. If that user is gone, all ObjectIds are
        yielded once more rather than some never.
        """
        resume_in_object_ids = after is not None and await self._is_object_id(after)
        if not resume_in_object_ids:
            async for page in self._bracket(_STRINGS, after, size):
                yield page
        start = ObjectId(after) if resume_in_object_ids else None
        async for page in self._bracket(_OBJECT_IDS, start, size):
            yield page
        if await self._has(_OTHERS):
            for kind in _OTHERS:
                async for page in self._bracket(kind, None, size):
                    yield page

    async def by_ids(self, ids: Sequence[str]) -> dict[str, User]:
        """Return the valid users among these, by id."""
        query = {"_id": {"$in": either(ids)}}
        with translated("read users"):
            raws = await read_each(self._collection, lambda some, fields: some.find(query, fields), _FIELDS)
        return {user.id: user for user in await self._reader.valid(raws)}

    async def _is_object_id(self, text: str) -> bool:
        if not ObjectId.is_valid(text):
            return False
        with translated("find where to go on"):
            found = await self._collection.find({"_id": {"$in": either([text])}}, {"_id": 1}).to_list(None)
        return [raw["_id"] for raw in found] == [ObjectId(text)]

    async def _has(self, types: list[str]) -> bool:
        with translated("look for ids of other types"):
            return await self._collection.count_documents({"_id": {"$type": types}}, limit=1) > 0

    async def _bracket(self, kind: str, after: Any, size: int) -> AsyncIterator[Page[User]]:
        last, skipped = after, 0
        while True:
            bounds: Raw = {"$type": kind} if last is None else {"$type": kind, "$gt": last}

            def page(some: Any, fields: Fields, bounds: Raw = bounds, skipped: int = skipped) -> Any:
                found = some.find({"_id": bounds}, fields).sort("_id", 1).limit(size)
                return found.skip(skipped) if skipped else found

            with translated("read a page of users"):
                raws = await read_each(self._collection, page, _FIELDS)
            if not raws:
                return
            # An id that cannot be sent cannot be asked about: the scan goes on from the last one that can.
            known = [place for place, raw in enumerate(raws) if is_encodable(raw["_id"])]
            if known:
                last, skipped = raws[known[-1]]["_id"], 0
            skipped += len(raws) - (known[-1] + 1 if known else 0)
            users = await self._reader.valid(raws)
            yield Page(items=users, last_id="" if last is None else str(last), quarantined=len(raws) - len(users))
