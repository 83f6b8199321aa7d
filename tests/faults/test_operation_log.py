"""The log of acknowledged operations notices what a database forgets."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from motor.motor_asyncio import AsyncIOMotorClient

from tests.faults.operation_log import OperationLog

AT = datetime(2026, 11, 5, 17, tzinfo=UTC)
LIMIT_S = 20.0


async def test_an_entry_that_vanishes_or_is_sent_again_is_found(mongo_uri: str, database: str) -> None:
    client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(mongo_uri)
    entries = client[database].invitations
    await entries.insert_many([{"_id": one, "sentAt": AT} for one in ("kept", "gone", "again")])
    await entries.insert_one({"_id": "queued", "sentAt": None})
    async with OperationLog(mongo_uri, database) as log, asyncio.timeout(LIMIT_S):
        while len(log.sent) < 3:
            await asyncio.sleep(0.05)
        assert await log.forgotten() == []
        await entries.delete_one({"_id": "gone"})
        await entries.update_one({"_id": "again"}, {"$set": {"sentAt": AT + timedelta(seconds=1)}})
        assert await log.forgotten() == ["again", "gone"]
    await client.drop_database(database)
    await client.drop_database(f"{database}_harness")
    client.close()
