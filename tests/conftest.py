"""The embedded stack, once per test session; each part starts when the first test asks for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from relance.devstack import mongod, temporal_server


@pytest.fixture(scope="session")
def stack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of this session's servers."""
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
async def mongo_uri(stack_folder: Path) -> AsyncIterator[str]:
    """Connection string of a MongoDB of our own."""
    server = await mongod.start(stack_folder)
    try:
        yield server.uri
    finally:
        await server.stop()


@pytest.fixture(scope="session")
async def temporal_server_(stack_folder: Path) -> AsyncIterator[temporal_server.TemporalServer]:
    server = await temporal_server.start(stack_folder)
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture(scope="session")
def temporal_address(temporal_server_: temporal_server.TemporalServer) -> str:
    """Address of a Temporal server of our own."""
    return temporal_server_.address


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """A database name no other test uses."""
    readable = re.sub(r"[^A-Za-z0-9]+", "_", request.node.name)[:30].strip("_")
    return f"t_{readable}_{uuid4().hex[:8]}"
