"""A database of our own, and a namespace in which nobody works."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from relance.temporal.plugin import relance_plugin


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
