"""Invalid documents, set aside with a reason: counted, shown, and never in the way of the others (SPEC section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from pydantic import ValidationError
from pymongo import UpdateOne

from relance.adapters.mongo.errors import translated


class Quarantine:
    """The collection `quarantine`: `_id` is `<collection>.<id>`; the document itself stays where it is."""

    def __init__(self, collection: AsyncIOMotorCollection[dict[str, Any]]) -> None:
        self._collection = collection

    async def put(self, collection: str, invalid: Sequence[tuple[Any, ValidationError]]) -> None:
        """Record invalid documents, given by id and error; what was recorded before keeps its first reason."""
        at = datetime.now(UTC)
        writes = [
            UpdateOne(
                {"_id": f"{collection}.{one}"}, {"$setOnInsert": {"reason": _reason(error), "at": at}}, upsert=True
            )
            for one, error in invalid
        ]
        with translated("quarantine invalid documents"):
            await self._collection.bulk_write(writes, ordered=False)

    async def count(self) -> int:
        """Return how many documents are set aside."""
        with translated("count the quarantine"):
            return await self._collection.count_documents({}, hint="_id_")


def _reason(error: ValidationError) -> str:
    # Field names and error types only: the values are personal data.
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return ", ".join(f"{'.'.join(str(part) for part in problem['loc'])}: {problem['type']}" for problem in problems)
