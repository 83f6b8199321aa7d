"""A Temporal namespace and a database of its own for each module, with sample people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

import starter
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.samples import sample_world
from relance.devstack.samples import sample_people
from relance.devstack.stack import Stack
from relance.settings import Settings
from relance.temporal.plugin import relance_plugin
from tests.cli.checks import MORNING
from tests.support.databases import IndexedDatabases
from tests.support.terminal import Terminal
from tests.support.worker_process import WorkerProcess

USERS, CONTACTS = 4, 2


@pytest.fixture(scope="module")
async def client(stack: Stack) -> Client:
    """A client of a fresh namespace with the retention of the embedded server."""
    name = f"cli-{uuid4().hex[:8]}"
    everywhere = await Client.connect(stack.temporal_address)
    day = Duration()
    day.FromTimedelta(timedelta(days=1))
    request = RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=day)
    await everywhere.workflow_service.register_namespace(request)
    return await Client.connect(stack.temporal_address, namespace=name, plugins=[relance_plugin()])


@pytest.fixture(scope="module")
async def terminal(stack: Stack, client: Client, indexed_databases: IndexedDatabases) -> AsyncIterator[Terminal]:
    """A terminal that leads to the fresh namespace and to a database with four users of two contacts."""
    async with indexed_databases.lent() as database:
        yield await with_sample_people(stack, client, database)


async def with_sample_people(stack: Stack, client: Client, database: str) -> Terminal:
    settings = Settings.model_validate({"mongo": {"uri": stack.mongo_uri, "database": database}})
    assert await starter.load_samples(settings, *sample_people(USERS, CONTACTS))
    return Terminal(
        {
            **stack.environment(),
            "TEMPORAL_NAMESPACE": client.namespace,
            "RELANCE_MONGO__DATABASE": database,
            "RELANCE_SCHEDULING__DEFAULT_ZONE": "Europe/Paris",
        }
    )


@pytest.fixture(scope="module")
async def worker(terminal: Terminal, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WorkerProcess]:
    """A worker that serves the fresh namespace."""
    command = starter.services().worker
    log: Path = tmp_path_factory.mktemp("worker") / "worker.log"
    process = WorkerProcess.fork(command, terminal.environment, log)
    await process.serving()
    yield process
    await process.end()


@pytest.fixture
async def network(everflow: EverflowControl) -> EverflowControl:
    """The network in which both checks find one thing on MORNING."""
    await everflow.put_world(sample_world(MORNING))
    return everflow


@pytest.fixture
def everflow_only(stack: Stack) -> Terminal:
    """A terminal that reaches Everflow, and neither Temporal nor a database."""
    elsewhere = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "RELANCE_MONGO__URI": "mongodb://127.0.0.1:1/?replicaSet=rs0"}
    return Terminal({**stack.environment(), **elsewhere})
