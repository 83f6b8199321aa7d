"""A database of our own, and a namespace in which nobody works."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from pydantic import SecretStr
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from relance.adapters.mongo.connection import Database, connect
from relance.settings import Mongo, Privacy
from relance.temporal.plugin import relance_plugin


@pytest.fixture
async def db(mongo_uri: str, database: str) -> AsyncIterator[Database]:
    opened = connect(Mongo(uri=SecretStr(mongo_uri), database=database, timeout=5), Privacy())
    await opened.ensure_indexes()
    yield opened
    await opened.client.drop_database(database)
    await opened.close()


@pytest.fixture
async def client(temporal_address: str) -> Client:
    name = f"probes-{uuid4().hex[:8]}"
    everywhere = await Client.connect(temporal_address)
    retention = Duration()
    retention.FromTimedelta(timedelta(days=1))
    await everywhere.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=retention)
    )
    return await Client.connect(temporal_address, namespace=name, plugins=[relance_plugin()])
