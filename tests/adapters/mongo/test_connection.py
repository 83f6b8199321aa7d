from __future__ import annotations

import socket

import pytest
from pydantic import SecretStr

from relance.adapters.mongo.connection import Database, connect
from relance.errors import DependencyUnavailable, SettingsError
from relance.settings import Mongo
from tests.support.keys import PRIVACY


async def test_a_replica_set_with_a_primary_passes_the_check(db: Database) -> None:
    await db.check()


async def test_a_server_that_is_not_there_is_named_with_a_remedy_and_without_the_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        uri = f"mongodb://someone:hunter2@127.0.0.1:{taken.getsockname()[1]}/?replicaSet=rs0"
        nowhere = connect(Mongo(uri=SecretStr(uri), timeout=0.3), PRIVACY)
        with pytest.raises(DependencyUnavailable, match="RELANCE_MONGO__URI") as caught:
            await nowhere.check()
        await nowhere.close()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("uri", ["mongodb://some:one:hunter2@127.0.0.1"])
async def test_a_connection_string_that_cannot_be_used_is_a_wrong_setting(uri: str) -> None:
    with pytest.raises(SettingsError, match="RELANCE_MONGO__URI") as caught:
        connect(Mongo(uri=SecretStr(uri)), PRIVACY)
    assert "hunter2" not in str(caught.value)


async def test_indexes_are_created_once_and_the_applications_own_is_respected(mongo_uri: str, database: str) -> None:
    opened = connect(Mongo(uri=SecretStr(mongo_uri), database=database), PRIVACY)
    await opened.raw.contacts.create_index([("userId", 1), ("_id", 1), ("email", 1)])
    assert "invitations(contactId)" in await opened.missing_indexes()
    for _ in range(2):
        await opened.ensure_indexes()
    assert await opened.missing_indexes() == []
    assert len(await opened.raw.contacts.index_information()) == 2
    assert len(await opened.raw.invitations.index_information()) == 6
    await opened.client.drop_database(database)
    await opened.close()


async def test_an_index_that_only_looks_like_the_wanted_one_does_not_count(mongo_uri: str, database: str) -> None:
    opened = connect(Mongo(uri=SecretStr(mongo_uri), database=database), PRIVACY)
    await opened.raw.contacts.create_index([("userId", 1), ("_id", 1)], partialFilterExpression={"status": "active"})
    await opened.raw.silences.create_index([("endsAt", 1), ("author", 1)])
    missing = await opened.missing_indexes()
    assert {"contacts(userId, _id)", "alerts(open, key)"} <= set(missing)
    assert "silences(endsAt)" not in missing
    await opened.raw.contacts.drop_indexes()
    await opened.ensure_indexes()
    assert await opened.missing_indexes() == []
    index = (await opened.raw.alerts.index_information())["open_1_key_1"]
    assert (index["unique"], index["partialFilterExpression"]) == (True, {"open": True})
    await opened.client.drop_database(database)
    await opened.close()
