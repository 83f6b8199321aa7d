"""A database of our own for every test, with its indexes, and what the driver sends to it.

The modules of `CONTRACT` run twice: on MongoDB, and on the database in memory that the simulation uses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from relance.adapters.mongo.connection import Database
from tests.adapters.mongo.commands import Commands
from tests.adapters.mongo.people import People
from tests.simulation.memory.database import open_memory
from tests.simulation.memory.link import SafeLink
from tests.simulation.memory.store import Store

CONTRACT = {
    "alerts_history",
    "claims",
    "doubts",
    "events",
    "job_runs",
    "ledger",
    "mailboxes",
    "people",
    "plans",
    "settlements",
}
# What these ask for exists on a server only: its address, and the commands on the wire.
ON_A_SERVER = {"mongo_uri", "commands"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "db" in metafunc.fixturenames:
        module = metafunc.module.__name__.rpartition(".test_")[2]
        both = module in CONTRACT and not ON_A_SERVER & set(metafunc.fixturenames)
        metafunc.parametrize("db", ["mongod", "memory"] if both else ["mongod"], indirect=True)


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
def commands(database: str) -> Iterator[Commands]:
    """Every command sent to this test's database; to be asked for before `db`."""
    with Commands.watching(database) as seen:
        yield seen
