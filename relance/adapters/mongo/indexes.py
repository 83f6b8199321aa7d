"""The indexes. Few, because each costs every write; none on a field that changes with every mail."""

from __future__ import annotations

from typing import Any

from relance.adapters.mongo.documents import MotorDatabase
from relance.adapters.mongo.errors import translated

WANTED: dict[str, list[tuple[str, ...]]] = {
    # Waves and batches are cut along this one; boundaries read nothing but the index.
    "plans": [("period", "status", "instant", "userId")],
    "invitations": [("period", "userId", "contactId"), ("contactId",)],
    "jobRuns": [("job", "nominal")],
    "contacts": [("userId",)],
    "chatMessages": [("number",)],
    "alerts": [("open", "key"), ("key", "open", "firedAt"), ("group", "observation"), ("updatedAt",)],
    "silences": [("endsAt",)],
    "compensations": [("period", "decision")],
    "workers": [("at",)],
    "mailboxes": [("period",)],
}
UNIQUE = {("period", "userId", "contactId"), ("job", "nominal"), ("number",), ("open", "key")}
# The field comes first in its own index, because that is the only way a query by it alone can use the index.
PARTIAL: dict[tuple[str, ...], dict[str, Any]] = {("open", "key"): {"open": True}}

# By collection, because a field of the same name elsewhere must never expire anything.
EXPIRING: dict[str, tuple[tuple[str, ...], int]] = {"workers": (("at",), 300)}
"""Seconds after the field's instant at which a document is forgotten."""


async def ensure_indexes(database: MotorDatabase) -> None:
    """Create the indexes that are not there yet."""
    for collection, fields in await _missing(database):
        with translated("create indexes"):
            keys = [(field, 1) for field in fields]
            options: dict[str, Any] = {"partialFilterExpression": PARTIAL[fields]} if fields in PARTIAL else {}
            forgotten = _forgotten_after(collection, fields)
            if forgotten is not None:
                options["expireAfterSeconds"] = forgotten
            await database[collection].create_index(keys, unique=fields in UNIQUE, **options)


async def missing_indexes(database: MotorDatabase) -> list[str]:
    """Return the indexes that are not there, as `collection(field, ...)`."""
    return [f"{collection}({', '.join(fields)})" for collection, fields in await _missing(database)]


async def _missing(database: MotorDatabase) -> list[tuple[str, tuple[str, ...]]]:
    missing: list[tuple[str, tuple[str, ...]]] = []
    with translated("look at the indexes"):
        for collection, wanted in WANTED.items():
            present = await database[collection].index_information()
            missing += [
                (collection, fields)
                for fields in wanted
                if not any(_serves(one, collection, fields) for one in present.values())
            ]
    return missing


def _forgotten_after(collection: str, fields: tuple[str, ...]) -> int | None:
    expiring, seconds = EXPIRING.get(collection, ((), 0))
    return seconds if fields == expiring else None


def _serves(index: dict[str, Any], collection: str, fields: tuple[str, ...]) -> bool:
    keys = tuple(field for field, _ in index["key"])
    if index.get("expireAfterSeconds") != _forgotten_after(collection, fields):
        return False
    if index.get("partialFilterExpression") != PARTIAL.get(fields):
        return False
    if fields in UNIQUE:
        return keys == fields and bool(index.get("unique"))
    # An index of the application's own that begins with these fields does as well.
    return keys[: len(fields)] == fields
