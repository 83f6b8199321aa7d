"""A database of our own for every test, with its indexes, and what the driver sends to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from relance.adapters.mongo.connection import Database, connect
from relance.settings import Mongo, Privacy
from tests.adapters.mongo.commands import Commands
from tests.adapters.mongo.people import People


@pytest.fixture
async def db(mongo_uri: str, database: str) -> AsyncIterator[Database]:
    opened = connect(Mongo(uri=SecretStr(mongo_uri), database=database, timeout=5), Privacy())
    await opened.ensure_indexes()
    yield opened
    await opened.client.drop_database(database)
    await opened.close()


@pytest.fixture
def people(db: Database) -> People:
    return People(db)


@pytest.fixture
def commands(database: str) -> Iterator[Commands]:
    """Every command sent to this test's database; to be asked for before `db`."""
    with Commands.watching(database) as seen:
        yield seen
