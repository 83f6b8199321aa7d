"""Invalid documents, set aside with a reason: counted, shown, and never in the way of the others (SPEC section 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase
from pydantic import BaseModel, ValidationError
from pymongo import UpdateOne

from relance.adapters.mongo import set_aside
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.piecewise import read_each
from relance.adapters.mongo.raw_ids import every_form, is_exact, text_of
from relance.adapters.mongo.set_aside import Invalid, Raw
from relance.domain.base import Document, Wire
from relance.domain.quarantine import (
    APPLICATION,
    INVITATIONS,
    MARK,
    PLANS,
    QuarantineCount,
    Reviewed,
    SetAside,
)

LONGEST = 500
PAGE = 200
MOST_REVIEWED = 2000
"""Documents that one pass reads again; the next pass goes on behind them."""
LIMIT_MS = 5000
TOUCHED_EVERY = timedelta(hours=12)
"""How old the last refusal may become before a pass renews it: notes go some months after the last one."""
UNSEEN = timedelta(days=1)
"""After so long without a refusal a document counts as gone whose id cannot be asked about."""

Check = Callable[[Raw], str | None]
Noticed = Callable[[str, int], None]


def unnoticed(_collection: str, _count: int) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the documents of a collection are checked, and which of their fields are read."""

    check: Check
    fields: Mapping[str, int] | None


class MongoQuarantine:
    """`ports.Quarantine` over the collection `quarantine`; its `_id` is `<collection>.<id>`.

    `noticed` gets the collection and the number of documents that were not known to be broken before.
    """

    def __init__(self, database: AsyncIOMotorDatabase[Raw], noticed: Noticed = unnoticed) -> None:
        self._database = database
        self._collection = database.quarantine
        self._noticed = noticed
        self._kinds: dict[str, _Kind] = {}
        self._reached = ""

    @property
    def collections(self) -> Sequence[str]:
        """The collections whose documents are checked, in order."""
        return sorted(self._kinds)

    def checks(self, collection: str, check: Check, fields: Mapping[str, int]) -> None:
        """Know how documents of a collection are checked; the newest check counts."""
        self._kinds[collection] = _Kind(check, fields if collection in APPLICATION else None)

    async def put(self, collection: str, invalid: Iterable[Invalid]) -> None:
        """Note invalid documents; of one that is known already the newest reason, and once more that it was seen."""
        at = datetime.now(UTC)
        writes = [
            finding.write(collection, at) for finding in {each.key(collection): each for each in invalid}.values()
        ]
        if not writes:
            return
        with translated("quarantine invalid documents"):
            result = await self._collection.bulk_write(writes, ordered=False)
        if result.upserted_count:
            self._noticed(collection, result.upserted_count)

    async def count(self) -> int:
        """Return how many documents are set aside."""
        with translated("count the quarantine"):
            return await self._collection.count_documents({}, hint="_id_")

    async def counts(self) -> dict[str, QuarantineCount]:
        """Return how many are set aside, by collection; without those that have none."""
        stages: list[Raw] = [
            {"$match": {"_id": {"$type": "string"}, "at": {"$type": "date"}}},
            {
                "$group": {
                    "_id": {"$arrayElemAt": [{"$split": ["$_id", "."]}, 0]},
                    "count": {"$sum": 1},
                    "newest": {"$max": "$at"},
                }
            },
        ]
        with translated("count the quarantine by collection"):
            found = await self._collection.aggregate(stages, hint="_id_", maxTimeMS=LIMIT_MS).to_list(None)
        return {row["_id"]: QuarantineCount(row["count"], row["newest"]) for row in found}

    async def of_period(self, period: str) -> dict[str, int]:
        """Return how many a period's cycle could not read: users, contacts, its plans and its invitations."""
        ranges = {name: (f"{name}.", f"{name}/") for name in APPLICATION}
        ranges |= {name: (f"{name}.{period}.", f"{name}.{period}/") for name in (PLANS, INVITATIONS)}
        found: dict[str, int] = {}
        with translated("count what a cycle could not read"):
            for name, (first, end) in ranges.items():
                query = {"_id": {"$gte": first, "$lt": end}}
                found[name] = await self._collection.count_documents(query, maxTimeMS=LIMIT_MS)
        return {name: count for name, count in found.items() if count}

    async def page(self, collection: str | None, after: str, size: int) -> list[SetAside]:
        """Return the next ones in order of key, of one collection or of all, after a key; empty text is the start."""
        return [
            document
            for raw in await self._page(collection, after, size)
            if (document := set_aside.read(raw)) is not None
        ]

    async def named(self, collection: str, name: str) -> SetAside | None:
        """Return the one of this collection that people name so, by its id or by its token."""
        query = {"token": name.removeprefix(MARK)} if name.startswith(MARK) else {}
        with translated("look for a document that was set aside"):
            raw = await self._collection.find_one(query or {"_id": f"{collection}.{name}"})
        found = set_aside.read(raw) if raw is not None else None
        return found if found is not None and found.collection == collection else None

    async def review(self, those: Sequence[SetAside] | None = None) -> Reviewed:
        """Read these again, by default the next some thousands of all; who is sound or gone leaves."""
        reviewed = Reviewed()
        if those is not None:
            for start in range(0, len(those), PAGE):
                with translated("read notes"):
                    keys = [document.key for document in those[start : start + PAGE]]
                    raws = await self._collection.find({"_id": {"$in": keys}}).to_list(None)
                reviewed = _joined(reviewed, await self._review(raws))
            return reviewed
        for _ in range(MOST_REVIEWED // PAGE):
            raws = await self._page(None, self._reached, PAGE)
            reviewed = _joined(reviewed, await self._review(raws))
            self._reached = raws[-1]["_id"] if len(raws) == PAGE else ""
            if not self._reached:
                break
        return reviewed

    async def _page(self, collection: str | None, after: str, size: int) -> list[Raw]:
        some = {"$gt": after}
        if collection is not None:
            some = {"$gt": max(after, f"{collection}."), "$lt": f"{collection}/"}
        with translated("read the quarantine"):
            return await self._collection.find({"_id": some}).sort("_id", 1).limit(size).to_list(None)

    async def _review(self, raws: Sequence[Raw]) -> Reviewed:
        at = datetime.now(UTC)
        healed: list[SetAside] = []
        broken: list[SetAside] = []
        gone: list[str] = []
        writes: list[UpdateOne] = []
        notes = [(raw, set_aside.read(raw)) for raw in raws]
        present = await self._present(notes)
        for raw, note in notes:
            if note is None or note.collection not in self._kinds:
                # Nobody knows what it was about; if that is still read, it comes again.
                gone.append(raw["_id"])
                continue
            documents = present.get(note.key, ())
            invalid = self._invalid(note.collection, documents)
            if invalid is None and not documents and not is_exact(raw.get("ref")) and at - note.seen_at < UNSEEN:
                broken.append(note)
                continue
            if invalid is None:
                healed.append(note)
                gone.append(note.key)
                continue
            broken.append(note)
            if "ref" not in raw:
                # Of an earlier version, which noted less.
                gone.append(note.key)
                writes.append(invalid.write(note.collection, at, first=note.at))
            elif invalid.reason != raw.get("reason") or at - note.seen_at > TOUCHED_EVERY:
                writes.append(UpdateOne({"_id": note.key}, {"$set": {"reason": invalid.reason, "seenAt": at}}))
        with translated("let sound documents leave the quarantine"):
            if gone:
                await self._collection.delete_many({"_id": {"$in": gone}})
            if writes:
                await self._collection.bulk_write(writes, ordered=False)
        return Reviewed(tuple(healed), tuple(broken))

    def _invalid(self, collection: str, documents: Sequence[Raw]) -> Invalid | None:
        check = self._kinds[collection].check
        for raw in documents:
            if (reason := check(raw)) is not None:
                return Invalid.of(collection, raw, reason)
        return None

    async def _present(self, notes: Sequence[tuple[Raw, SetAside | None]]) -> dict[str, list[Raw]]:
        """Return the documents the notes are about, by key of the note; with one read where that can be."""
        present: dict[str, list[Raw]] = {}
        together: dict[str, list[Any]] = {}
        for raw, note in notes:
            if note is None or note.collection not in self._kinds:
                continue
            ref = raw.get("ref")
            if ref is None or isinstance(ref, bytes):
                present[note.key] = await self._read(note.collection, set_aside.query(raw))
            else:
                together.setdefault(note.collection, []).append(ref)
        for collection, refs in together.items():
            for raw in await self._read(collection, {"_id": {"$in": every_form(refs)}}):
                present.setdefault(f"{collection}.{text_of(raw['_id'])}", []).append(raw)
        return present

    async def _read(self, name: str, query: Any) -> list[Raw]:
        collection, fields = self._database[name], self._kinds[name].fields
        with translated("read documents that were set aside again"):
            return await read_each(collection, lambda some, wanted: some.find(query, wanted), fields)


def reason_of(error: ValidationError) -> str:
    """Return why a model refuses a document: names of our own fields and error types only.

    Values are personal data, and so may be the names of fields that are not ours.
    """
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return ", ".join(f"{path_of(problem['loc'])}: {problem['type']}" for problem in problems)[:LONGEST]


def path_of(parts: Iterable[object]) -> str:
    """Return the path to a field, with `?` for each part whose name is not one of ours."""
    known = _field_names()
    return ".".join(str(part) if isinstance(part, int) or part in known else "?" for part in parts) or "document"


@cache
def _field_names() -> frozenset[str]:
    models: list[type[BaseModel]] = [Document, Wire]
    for model in models:
        models += model.__subclasses__()
    return frozenset(
        name for model in models for key, field in model.model_fields.items() for name in (key, field.alias or key)
    )


def _joined(first: Reviewed, other: Reviewed) -> Reviewed:
    return Reviewed((*first.healed, *other.healed), (*first.broken, *other.broken))
