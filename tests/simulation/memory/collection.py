"""One collection in memory with the driver's methods: what our adapters and their tests call, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.results import DeleteResult, InsertManyResult, InsertOneResult, UpdateResult

from tests.simulation.memory.aggregation import aggregated
from tests.simulation.memory.link import Link
from tests.simulation.memory.query import matches
from tests.simulation.memory.store import DUPLICATE, Duplicate, Store, Table
from tests.simulation.memory.updates import updated
from tests.simulation.memory.values import Raw, as_sent, sort_key

Order = Sequence[tuple[str, int]]


class Cursor:
    """The result of a `find` or `aggregate`, run when it is read."""

    def __init__(self, link: Link, name: str, run: Callable[[Order, int], list[Raw]]) -> None:
        self._link = link
        self._name = name
        self._run = run
        self._order: Order = ()
        self._skip = 0
        self._limit = 0

    def skip(self, count: int) -> Cursor:
        self._skip = count
        return self

    def max_time_ms(self, limit: int) -> Cursor:
        return self

    def sort(self, by: str | Order, direction: int = 1) -> Cursor:
        self._order = [(by, direction)] if isinstance(by, str) else by
        return self

    def limit(self, count: int) -> Cursor:
        self._limit = count
        return self

    async def to_list(self, length: int | None) -> list[Raw]:
        limit = min(filter(None, (self._limit, length)), default=0)
        until = self._skip + limit if limit else 0
        [found] = await self._link.call(self._name, [lambda: self._run(self._order, until)])
        return list(found[self._skip :])


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The counts of a bulk write."""

    matched_count: int
    modified_count: int
    upserted_count: int


class MemoryCollection:
    """A collection as one client sees it: its data is the store's, its trouble is the link's."""

    def __init__(self, store: Store, name: str, link: Link) -> None:
        self._store = store
        self._name = name
        self._link = link

    def with_options(self, **options: Any) -> MemoryCollection:
        return self

    @property
    def _table(self) -> Table:
        return self._store.table(self._name)

    def find(self, query: Mapping[str, Any] | None = None, projection: Mapping[str, Any] | None = None) -> Cursor:
        wanted = as_sent(query or {})

        def run(order: Order, limit: int) -> list[Raw]:
            found = _sorted([one for one in self._table.near(wanted) if matches(one, wanted)], order)
            return self._table.copies(found[:limit] if limit else found, projection)

        return Cursor(self._link, f"{self._name}.find", run)

    async def find_one(
        self,
        query: Mapping[str, Any] | None = None,
        projection: Mapping[str, Any] | None = None,
        sort: Order = (),
    ) -> Raw | None:
        found = await self.find(query, projection).sort(sort).to_list(1)
        return found[0] if found else None

    def aggregate(self, stages: Sequence[Mapping[str, Any]], **options: Any) -> Cursor:
        wanted = as_sent(list(stages))

        def run(order: Order, limit: int) -> list[Raw]:
            return aggregated(self._store, self._name, wanted)

        return Cursor(self._link, f"{self._name}.aggregate", run)

    async def count_documents(self, query: Mapping[str, Any], **options: Any) -> int:
        wanted = as_sent(query)
        return int(await self._one("count", lambda: sum(matches(one, wanted) for one in self._table.near(wanted))))

    async def distinct(self, path: str, query: Mapping[str, Any] | None = None) -> list[Any]:
        wanted = as_sent(query or {})
        work = lambda: [one[path] for one in self._table.near(wanted) if path in one and matches(one, wanted)]  # noqa: E731
        return list(dict.fromkeys(await self._one("distinct", work)))

    async def insert_one(self, document: Mapping[str, Any]) -> InsertOneResult:
        with_id = {"_id": ObjectId(), **document}
        await self._one("insert", lambda: _raising(self._table.insert, with_id))
        return InsertOneResult(with_id["_id"], acknowledged=True)

    async def insert_many(self, documents: Iterable[Mapping[str, Any]], *, ordered: bool = True) -> InsertManyResult:
        every = [{"_id": ObjectId(), **document} for document in documents]
        await self._bulk("insert", [partial(self._inserted, one) for one in every])
        return InsertManyResult([one["_id"] for one in every], acknowledged=True)

    async def update_one(self, query: Mapping[str, Any], update: Any, *, upsert: bool = False) -> UpdateResult:
        return await self._update("update", query, update, upsert=upsert, many=False)

    async def update_many(self, query: Mapping[str, Any], update: Any) -> UpdateResult:
        return await self._update("update", query, update, upsert=False, many=True)

    async def replace_one(
        self, query: Mapping[str, Any], document: Mapping[str, Any], *, upsert: bool = False
    ) -> UpdateResult:
        replaced = [{"$replaceWith": {"$mergeObjects": [{"_id": "$_id"}, {"$literal": dict(document)}]}}]
        return await self._update("replace", query, replaced, upsert=upsert, many=False)

    async def bulk_write(self, writes: Sequence[UpdateOne | UpdateMany], *, ordered: bool = True) -> BulkResult:
        steps = [self._write(*_parts(write)) for write in writes]
        return await self._bulk("bulk_write", steps)

    async def delete_one(self, query: Mapping[str, Any]) -> DeleteResult:
        return await self._delete(query, 1)

    async def delete_many(self, query: Mapping[str, Any]) -> DeleteResult:
        return await self._delete(query, None)

    async def _delete(self, query: Mapping[str, Any], most: int | None) -> DeleteResult:
        wanted = as_sent(query)

        def work() -> int:
            found = [one for one in self._table.near(wanted) if matches(one, wanted)][:most]
            for one in found:
                self._table.delete(one["_id"])
            return len(found)

        return DeleteResult({"n": await self._one("delete", work)}, acknowledged=True)

    async def index_information(self) -> dict[str, Any]:
        return dict(await self._one("indexes", lambda: self._table.indexes))

    async def create_index(self, keys: Sequence[tuple[str, int]], *, unique: bool = False, **options: Any) -> str:
        name = "_".join(f"{field}_{direction}" for field, direction in keys)
        index = {"key": list(keys), **({"unique": True} if unique else {}), **options}
        await self._one("create_index", lambda: self._table.indexes.update({name: index}))
        return name

    async def _one(self, operation: str, work: Callable[[], Any]) -> Any:
        [result] = await self._link.call(f"{self._name}.{operation}", [work])
        return result

    async def _update(
        self, operation: str, query: Mapping[str, Any], update: Any, *, upsert: bool, many: bool
    ) -> UpdateResult:
        write = self._write(query, update, upsert, many)
        matched, modified, upserted = await self._one(operation, lambda: _raising(write))
        raw = {"n": matched + upserted, "nModified": modified}
        return UpdateResult(raw | ({"upserted": True} if upserted else {}), acknowledged=True)

    async def _bulk(self, operation: str, steps: Sequence[Callable[[], tuple[int, int, int]]]) -> BulkResult:
        problems: list[Raw] = []

        def guarded(index: int, step: Callable[[], tuple[int, int, int]]) -> Callable[[], tuple[int, int, int]]:
            def run() -> tuple[int, int, int]:
                try:
                    return step()
                except Duplicate:
                    problems.append({"index": index, "code": DUPLICATE, "errmsg": "duplicate key"})
                    return 0, 0, 0

            return run

        done = await self._link.call(f"{self._name}.{operation}", [guarded(*one) for one in enumerate(steps)])
        matched, modified, upserted = (sum(column) for column in zip(*done, strict=True)) if done else (0, 0, 0)
        if problems:
            counts = {"nInserted": upserted, "nUpserted": upserted, "nMatched": matched, "nModified": modified}
            raise BulkWriteError({"writeErrors": problems, "writeConcernErrors": [], **counts})
        return BulkResult(matched, modified, upserted)

    def _inserted(self, document: Raw) -> tuple[int, int, int]:
        self._table.insert(document)
        return 0, 0, 1

    def _write(
        self, query: Mapping[str, Any], update: Any, upsert: bool, many: bool
    ) -> Callable[[], tuple[int, int, int]]:
        wanted, change = as_sent(query), as_sent(update)

        def work() -> tuple[int, int, int]:
            found = [one for one in self._table.near(wanted) if matches(one, wanted)]
            modified = sum(self._table.put(updated(one, change)) for one in (found if many else found[:1]))
            if found or not upsert:
                return len(found if many else found[:1]), modified, 0
            start = {key: value for key, value in wanted.items() if not isinstance(value, Mapping)}
            self._table.insert({"_id": ObjectId(), **updated(start, change, inserting=True)})
            return 0, 0, 1

        return work


def _parts(write: UpdateOne | UpdateMany) -> tuple[Any, Any, bool, bool]:
    return write._filter, write._doc, bool(write._upsert), isinstance(write, UpdateMany)


def _raising(step: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return step(*arguments)
    except Duplicate:
        raise DuplicateKeyError("duplicate key", DUPLICATE) from None


def _sorted(documents: list[Raw], order: Order) -> list[Raw]:
    for path, direction in reversed(order):
        documents = sorted(documents, key=lambda one: sort_key(one.get(path)), reverse=direction < 0)
    return documents
