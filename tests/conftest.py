"""The embedded servers, once per test session; each starts when the first test asks for it."""

from __future__ import annotations

import gc
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from relance.adapters.mongo.connection import Database, connect
from relance.devstack import chat_server, everflow_server, mailbox_server, mongod, temporal_server
from relance.devstack.chat.client import Chat
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow_server import EverflowServer
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox_server import MailboxServer
from relance.devstack.stack import Given, Stack
from relance.devstack.temporal_server import TemporalServer
from relance.settings import Mongo
from tests.support import private_sdk
from tests.support.databases import IndexedDatabases
from tests.support.keys import PRIVACY

SLOW_S = 10
"""What a test marked as slow takes that does not say how long."""


def pytest_configure() -> None:
    """A workflow that is slow on a busy machine is not deadlocked; nothing is garbage while tests are collected."""
    private_sdk.stretch_deadlock_limit()
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first: of several processes the last one to begin decides when all is done."""
    seconds: Counter[Path] = Counter()
    for item in items:
        if (slow := item.get_closest_marker("slow")) is not None:
            seconds[item.path] += slow.args[0] if slow.args else SLOW_S
    items.sort(key=lambda item: -seconds[item.path])


def pytest_collection_finish() -> None:
    """Leave what was collected out of every later garbage collection: workflows must not stand still meanwhile."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def stack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of this session's servers."""
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
async def mongo_uri(stack_folder: Path) -> AsyncIterator[str]:
    """Connection string of a replica set: RELANCE_MONGO__URI, or a server of our own."""
    given = os.environ.get("RELANCE_MONGO__URI")
    if given is not None:
        yield given
        return
    server = await mongod.start(stack_folder)
    yield server.uri
    await server.stop()


@pytest.fixture(scope="session")
async def running_temporal(stack_folder: Path) -> AsyncIterator[TemporalServer]:
    # Histories are asked to continue as new early, so that a short test sees it.
    server = await temporal_server.start(stack_folder, dynamic_config={"limit.historyCount.suggestContinueAsNew": 400})
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def temporal_address(running_temporal: TemporalServer) -> str:
    """Address of a Temporal server of our own."""
    return running_temporal.address


@pytest.fixture(scope="session")
async def running_mailbox(stack_folder: Path) -> AsyncIterator[MailboxServer]:
    server = await mailbox_server.start(stack_folder)
    yield server
    await server.stop()


@pytest.fixture
async def mailbox(running_mailbox: MailboxServer) -> AsyncIterator[Mailbox]:
    """A client of this session's mailbox, empty and without faults."""
    async with Mailbox(running_mailbox.http) as client:
        await client.clear()
        yield client
        await client.clear()


@pytest.fixture
def mailbox_smtp(running_mailbox: MailboxServer, mailbox: Mailbox) -> tuple[str, int]:
    """Host and port where the mailbox takes mails."""
    return running_mailbox.smtp


@pytest.fixture(scope="session")
async def running_everflow(stack_folder: Path) -> AsyncIterator[EverflowServer]:
    server = await everflow_server.start(stack_folder)
    yield server
    await server.stop()


@pytest.fixture
async def everflow(running_everflow: EverflowServer) -> AsyncIterator[EverflowControl]:
    """The control of this session's Everflow network, without faults and with a fresh log; its facts stay."""
    async with EverflowControl(running_everflow.http) as control:
        await control.reset()
        yield control
        await control.reset()


@pytest.fixture(scope="session")
async def chat_http(stack_folder: Path) -> AsyncIterator[str]:
    """Address of a chat of our own."""
    server = await chat_server.start(stack_folder)
    yield server.http
    await server.stop()


@pytest.fixture
async def chat(chat_http: str) -> AsyncIterator[Chat]:
    """A client of this session's chat, empty and without faults."""
    async with Chat(chat_http) as client:
        await client.clear()
        yield client
        await client.clear()


@pytest.fixture(scope="session")
async def stack(
    mongo_uri: str,
    running_temporal: TemporalServer,
    running_mailbox: MailboxServer,
    running_everflow: EverflowServer,
    stack_folder: Path,
) -> AsyncIterator[Stack]:
    """All of this session's servers together."""
    given = Given(
        mongo_uri=mongo_uri,
        temporal_address=running_temporal.address,
        temporal_ui=running_temporal.ui,
        mailbox_smtp=running_mailbox.smtp,
        mailbox_http=running_mailbox.http,
        everflow_http=running_everflow.http,
    )
    async with Stack(stack_folder, given=given) as whole:
        yield whole


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The name of a database that is not there yet and that no other test uses."""
    readable = re.sub(r"[^A-Za-z0-9]+", "_", request.node.name)[:30].strip("_")
    return f"t_{readable}_{uuid4().hex[:8]}"


@pytest.fixture(scope="session")
async def indexed_databases(mongo_uri: str) -> AsyncIterator[IndexedDatabases]:
    async with IndexedDatabases(mongo_uri) as databases:
        yield databases


@pytest.fixture
async def indexed_database(indexed_databases: IndexedDatabases) -> AsyncIterator[str]:
    """The name of a database with every index and no document, which no other test uses meanwhile."""
    async with indexed_databases.lent() as name:
        yield name


@pytest.fixture
async def mongod_db(mongo_uri: str, indexed_database: str) -> AsyncIterator[Database]:
    """A database with its indexes."""
    opened = connect(Mongo(uri=SecretStr(mongo_uri), database=indexed_database, timeout=30), PRIVACY)
    yield opened
    await opened.close()


@pytest.fixture
def db(mongod_db: Database) -> Database:
    """The same, where a test does not say which kind of database."""
    return mongod_db
