"""Invalid documents, set aside with a reason: counted, shown, and never in the way of the others (SPEC section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from pydantic import ValidationError
from pymongo import UpdateOne

from relance.adapters.mongo.errors import translated

LONGEST = 500


class Quarantine:
    """The collection `quarantine`: `_id` is `<collection>.<id>`; the document itself stays where it is."""

    def __init__(self, collection: AsyncIOMotorCollection[dict[str, Any]]) -> None:
        self._collection = collection

    async def put(self, collection: str, invalid: Sequence[tuple[Any, str]]) -> None:
        """Record invalid documents, given by id and reason; what was recorded before keeps its first reason."""
        at = datetime.now(UTC)
        writes = [
            UpdateOne({"_id": _key(collection, one)}, {"$setOnInsert": {"reason": reason, "at": at}}, upsert=True)
            for one, reason in invalid
        ]
        with translated("quarantine invalid documents"):
            await self._collection.bulk_write(writes, ordered=False)

    async def count(self) -> int:
        """Return how many documents are set aside."""
        with translated("count the quarantine"):
            return await self._collection.count_documents({}, hint="_id_")


def reason_of(error: ValidationError) -> str:
    """Return why a model refuses a document: field names and error types only, because values are personal data."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return ", ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['type']}" for problem in problems)[:LONGEST]


def _key(collection: str, one: object) -> str:
    # An id may be anything, also bytes that are no text.
    return f"{collection}.{one}".encode(errors="backslashreplace").decode()[:LONGEST]
