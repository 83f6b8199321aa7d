"""The indexes. Few, because each costs every write; none on a field that changes with every mail."""

from __future__ import annotations

from relance.adapters.mongo.documents import MotorDatabase
from relance.adapters.mongo.errors import translated


async def ensure_indexes(database: MotorDatabase) -> None:
    """Create the indexes that are not there yet."""
    with translated("create indexes"):
        # Waves and batches are cut along this one; boundaries read nothing but the index.
        await database.plans.create_index([("period", 1), ("status", 1), ("instant", 1), ("userId", 1)])
        await database.invitations.create_index([("period", 1), ("userId", 1), ("contactId", 1)], unique=True)
        await database.invitations.create_index([("contactId", 1)])
        await database.jobRuns.create_index([("job", 1), ("nominal", 1)], unique=True)
        if not await _starts_with(database, "contacts", "userId"):
            await database.contacts.create_index([("userId", 1)])


async def _starts_with(database: MotorDatabase, collection: str, field: str) -> bool:
    # The collection is the application's: it may have an index of its own that does.
    present = await database[collection].index_information()
    return any(index["key"][0][0] == field for index in present.values())
