"""A database goes from test to test with its indexes and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from relance.adapters.mongo.indexes import missing_indexes
from tests.support.databases import IndexedDatabases

ROUND = 2

Client = AsyncIOMotorClient[dict[str, Any]]


@pytest.fixture
async def server(mongo_uri: str) -> AsyncIterator[Client]:
    client: Client = AsyncIOMotorClient(mongo_uri)
    yield client
    client.close()


async def test_what_a_test_has_written_is_gone(mongo_uri: str, server: Client) -> None:
    async with IndexedDatabases(mongo_uri, ROUND) as databases:
        names = [await databases.take() for _ in range(ROUND)]
        database = server[names[0]]
        await database.users.insert_one({"email": "ann@users.example"})
        await database.elsewhere.insert_one({"of": "a test"})
        for name in names:
            await databases.give_back(name)
        assert await databases.take() == names[0]
        assert (await database.command("dbStats"))["objects"] == 0
        assert await missing_indexes(database) == []


@pytest.mark.parametrize("change", ["index", "validator"])
async def test_one_of_another_shape_is_never_used_again(mongo_uri: str, server: Client, change: str) -> None:
    async with IndexedDatabases(mongo_uri, ROUND) as databases:
        names = [await databases.take() for _ in range(ROUND)]
        database = server[names[0]]
        if change == "index":
            await database.users.create_index("name")
        else:
            await database.command("collMod", "invitations", validator={"userId": {"$type": "string"}})
        for name in names:
            await databases.give_back(name)
        assert names[0] not in [await databases.take() for _ in range(ROUND)]
        assert names[0] not in await server.list_database_names()


async def test_what_came_too_late_is_gone_as_well(mongo_uri: str, server: Client) -> None:
    async with IndexedDatabases(mongo_uri, ROUND) as databases:
        names = [await databases.take() for _ in range(ROUND)]
        for name in names:
            await databases.give_back(name)
        await server[names[0]].users.insert_one({"email": "ann@users.example"})
        assert await databases.take() == names[0]
        assert await server[names[0]].users.count_documents({}) == 0
