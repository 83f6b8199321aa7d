"""A database of our own for every test, with its indexes, and what the driver sends to it.

Whatever our repositories ask of the server is explained at the end of each test: none of it may read a whole
collection, unless that is tiny. A small collection in a test is read like a large one: the server takes an index
wherever it can.

The modules of `CONTRACT` run twice: on MongoDB, and on the database in memory that the simulation uses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from relance.adapters.mongo.connection import Database, connect
from relance.adapters.mongo.documents import MotorDatabase
from relance.settings import Mongo
from tests.adapters.mongo.commands import Commands
from tests.simulation.memory.database import open_memory
from tests.simulation.memory.link import SafeLink
from tests.simulation.memory.store import Store
from tests.support.keys import PRIVACY
from tests.support.mongo_people import People
from tests.support.query_plans import by_hand, unindexed

CONTRACT = {
    "alerts_history",
    "claims",
    "cycle_control",
    "events",
    "jobs",
    "ledger",
    "mailbox_slots",
    "mailboxes",
    "people",
    "plans",
    "reconciliation",
    "settlements",
    "uncertain",
}
# A file of another name would run on MongoDB only, and nobody would see it.
assert all(Path(__file__).with_name(f"test_{name}.py").exists() for name in CONTRACT)
# What these ask for exists on a server only: its address, and the commands on the wire.
ON_A_SERVER = {"mongo_uri", "commands"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "db" in metafunc.fixturenames:
        module = metafunc.module.__name__.rpartition(".test_")[2]
        both = module in CONTRACT and not ON_A_SERVER & set(metafunc.fixturenames)
        # How a read is done is a question for the server as well.
        both = both and not metafunc.function.__name__.endswith("along_an_index")
        metafunc.parametrize("db", ["mongod", "memory"] if both else ["mongod"], indirect=True)


@pytest.fixture
async def ours(mongo_uri: str, indexed_database: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """The repositories on a server, with `raw` as they have it."""
    with Commands.watching(indexed_database) as seen:
        opened = connect(Mongo(uri=SecretStr(mongo_uri), database=indexed_database, timeout=5), PRIVACY)
        yield opened
        scans = request.node.get_closest_marker("scans") is not None
        problems = [] if scans else await unindexed(opened.raw, [command for _, command in seen.sent])
        await opened.close()
    assert problems == []


@pytest.fixture
def served(ours: Database) -> MotorDatabase:
    """The server's database for a repository to be made by a test, so that its commands are explained as well."""
    return ours.raw


@pytest.fixture
def mongod_db(ours: Database) -> Database:
    """The repositories on a server; what the test itself does by `raw` is its own business."""
    return replace(ours, raw=by_hand(ours.raw))


@pytest.fixture
async def memory_db() -> AsyncIterator[Database]:
    opened = open_memory(Store(), SafeLink())
    await opened.ensure_indexes()
    yield opened
    await opened.close()


@pytest.fixture
def db(request: pytest.FixtureRequest) -> Database:
    """The database under test."""
    opened: Database = request.getfixturevalue(f"{request.param}_db")
    return opened


@pytest.fixture
def people(db: Database) -> People:
    return People(db)


@pytest.fixture
def commands(indexed_database: str) -> Iterator[Commands]:
    """Every command sent to this test's database; to be asked for before `db`."""
    with Commands.watching(indexed_database) as seen:
        yield seen
