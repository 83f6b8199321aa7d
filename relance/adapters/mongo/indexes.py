"""The indexes. Few, because each costs every write; none on a field that changes with every mail.

A field with "-" before it goes downwards. An index is built beside everything that runs, also on a large collection.
"""

from __future__ import annotations

from typing import Any

from relance.adapters.mongo.documents import MotorDatabase
from relance.adapters.mongo.errors import translated

WANTED: dict[str, list[tuple[str, ...]]] = {
    # Waves and batches are cut along this one; boundaries read nothing but the index.
    # `anonymous` is set when a document is written for good: what has names yet is found without reading what has none.
    "plans": [("period", "status", "instant", "userId"), ("period", "anonymous")],
    "invitations": [
        ("period", "userId", "contactId"),
        ("contactId",),
        ("period", "status", "retryAt"),
        ("notice.since",),
        ("period", "anonymous"),
    ],
    "jobRuns": [("job", "nominal"), ("-nominal", "job")],
    # The first contacts of a user are read in its order, and all of them counted from it alone.
    "contacts": [("userId", "_id")],
    "chatMessages": [("number",), ("at",)],
    "alerts": [("open", "key"), ("key", "open", "firedAt"), ("group", "observation"), ("updatedAt",), ("resolvedAt",)],
    "silences": [("endsAt",)],
    "compensations": [("period", "decision"), ("period", "anonymous")],
    "attachments": [("createdAt",)],
    "quarantine": [("seenAt",), ("token",)],
    "postedReports": [("job", "nominal"), ("at",)],
    "workers": [("at",)],
    "errorGates": [("at",)],
    "optOuts": [("at",)],
    "opens": [("at",), ("contactId",)],
    "mailboxes": [("period",)],
    "inbox": [("at",)],
    "intakeMessages": [("invitationId", "at"), ("outcome", "_id"), ("at",), ("expiresAt",)],
    "intakeKept": [("expiresAt",)],
    "consoleSessions": [("expiresAt",)],
    "consoleSignIns": [("expiresAt",)],
    "consoleWork": [("expiresAt",), ("kind", "-at")],
    # Few, and asked about by people.
    "erasures": [("at",)],
}
UNIQUE = {
    ("invitations", "period", "userId", "contactId"),
    ("jobRuns", "job", "nominal"),
    ("chatMessages", "number"),
    ("alerts", "open", "key"),
}
"""Collection and fields."""
# The field comes first in its own index, because that is the only way a query by it alone can use the index.
PARTIAL: dict[tuple[str, ...], dict[str, Any]] = {
    ("open", "key"): {"open": True},
    # Only mails that were put off are in it, so that the others pay nothing.
    ("period", "status", "retryAt"): {"retryAt": {"$exists": True}},
    # Only what waits to be signalled is in it.
    ("notice.since",): {"notice.since": {"$exists": True}},
    # Most messages name no invitation or report no failure.
    ("invitationId", "at"): {"invitationId": {"$exists": True}},
}

# By collection, because a field of the same name elsewhere must never expire anything.
EXPIRING: dict[str, tuple[tuple[str, ...], int]] = {
    "workers": (("at",), 300),
    "errorGates": (("at",), 90 * 86_400),
    "optOuts": (("at",), 400 * 86_400),
    "opens": (("at",), 180 * 86_400),
    "inbox": (("at",), 30 * 86_400),
    # Longer than anybody may ask for an account of an erasure; the suppression outlives it.
    "erasures": (("at",), 1095 * 86_400),
    "intakeMessages": (("expiresAt",), 0),
    "intakeKept": (("expiresAt",), 0),
    "consoleSessions": (("expiresAt",), 0),
    "consoleSignIns": (("expiresAt",), 0),
    "consoleWork": (("expiresAt",), 0),
}
"""Seconds after the field's instant at which a document is forgotten."""


async def ensure_indexes(database: MotorDatabase) -> None:
    """Create the indexes that are not there yet."""
    for collection, fields in await _missing(database):
        with translated("create indexes"):
            keys = _keys(fields)
            options: dict[str, Any] = {"partialFilterExpression": PARTIAL[fields]} if fields in PARTIAL else {}
            forgotten = _forgotten_after(collection, fields)
            if forgotten is not None:
                options["expireAfterSeconds"] = forgotten
            await database[collection].create_index(keys, unique=(collection, *fields) in UNIQUE, **options)


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
                if not any(_serves(index, collection, fields) for index in present.values())
            ]
    return missing


def _keys(fields: tuple[str, ...]) -> list[tuple[str, int]]:
    return [(field.removeprefix("-"), -1 if field.startswith("-") else 1) for field in fields]


def _forgotten_after(collection: str, fields: tuple[str, ...]) -> int | None:
    expiring, seconds = EXPIRING.get(collection, ((), 0))
    return seconds if fields == expiring else None


def _serves(index: dict[str, Any], collection: str, fields: tuple[str, ...]) -> bool:
    keys, wanted = [(field, direction) for field, direction in index["key"]], _keys(fields)
    if index.get("expireAfterSeconds") != _forgotten_after(collection, fields):
        return False
    if index.get("partialFilterExpression") != PARTIAL.get(fields):
        return False
    if (collection, *fields) in UNIQUE:
        return keys == wanted and bool(index.get("unique"))
    # An index of the application's own that begins with these fields does as well, and either way round.
    return keys[: len(wanted)] in (wanted, [(field, -direction) for field, direction in wanted])
