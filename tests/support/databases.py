"""Databases with every index and no document, which tests use one after the other.

To create the indexes and to drop them again costs the server ten times as much as to delete what a test has written:
2.5 s of a test's time on a busy machine, most of what `mongod` did in a run of all tests.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self
from uuid import uuid4

from pydantic import SecretStr

from relance.adapters.mongo.connection import connect
from relance.adapters.mongo.indexes import ensure_indexes
from relance.settings import Mongo
from tests.support.keys import PRIVACY

Shape = dict[str, Any]

PLAIN: tuple[Shape, Shape] = ({}, {"_id_": {"v": 2, "key": {"_id": 1}, "name": "_id_"}})
"""A collection without options and further indexes."""

ROUND = 8
"""So many tests pass before a database is used again: whatever a test has left under way is over by then."""


class IndexedDatabases:
    """The databases of one test process; one of which a test has changed an index or an option is dropped."""

    def __init__(self, uri: str, round_: int = ROUND) -> None:
        self._prefix = f"t_{uuid4().hex[:8]}"
        self._connection = connect(Mongo(uri=SecretStr(uri), database=self._prefix, timeout=30), PRIVACY)
        self._round = round_
        self._free: deque[str] = deque()
        self._shape: Shape = {}
        self._made = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for name in self._free:
            await self._connection.client.drop_database(name)
        await self._connection.close()

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[str]:
        """Yield the name of a database that no other test uses meanwhile."""
        name = await self.take()
        yield name
        await self.give_back(name)

    async def take(self) -> str:
        """Return the name of a database that no other test uses now."""
        if len(self._free) < self._round:
            return await self._make()
        name = self._free.popleft()
        if await self._restored(name):
            return name
        return await self._make()

    async def give_back(self, name: str) -> None:
        """Delete what the test has written."""
        if await self._restored(name):
            self._free.append(name)

    async def _make(self) -> str:
        name = f"{self._prefix}_{self._made}"
        self._made += 1
        await ensure_indexes(self._connection.client[name])
        self._shape = self._shape or await self._shape_of(name)
        return name

    async def _restored(self, name: str) -> bool:
        database = self._connection.client[name]
        found = await self._shape_of(name)
        # The server makes a collection with the first document.
        plain = dict.fromkeys(found, PLAIN)
        if found != {**plain, **self._shape}:
            await self._connection.client.drop_database(name)
            return False
        await asyncio.gather(*(database[collection].delete_many({}) for collection in await self._written(name, found)))
        return True

    async def _written(self, name: str, collections: Iterable[str]) -> list[str]:
        """Return the collections with documents: asked of all at once, as most have none."""
        first = [{"$limit": 1}, {"$project": {"_id": 1}}]
        of_each = [{"$unionWith": {"coll": one, "pipeline": [*first, {"$set": {"in": one}}]}} for one in collections]
        found = await self._connection.client[name].aggregate([{"$documents": []}, *of_each]).to_list(None)
        return [one["in"] for one in found]

    async def _shape_of(self, name: str) -> Shape:
        # One question; listCollections and listIndexes are one per collection, and cost ten times as much.
        everything = self._connection.client.admin.aggregate([{"$listCatalog": {}}, {"$match": {"db": name}}])
        return {
            one["name"]: (
                {option: value for option, value in one["md"]["options"].items() if option != "uuid"},
                {index["spec"]["name"]: index["spec"] for index in one["md"]["indexes"]},
            )
            for one in await everything.to_list(None)
        }
