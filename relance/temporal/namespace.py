"""The namespace: how long it keeps closed workflows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from relance.errors import NotFound
from relance.temporal.errors import is_missing

RPC_TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class NamespaceRetention:
    """How long the namespace kept closed workflows before, and keeps them now."""

    before: timedelta
    now: timedelta


async def retention(client: Client) -> timedelta:
    """Return how long the client's namespace keeps closed workflows.

    Raises:
        NotFound: the server has no such namespace.
    """
    try:
        found = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace), timeout=RPC_TIMEOUT
        )
    except RPCError as error:
        if not is_missing(error):
            raise
        name = client.namespace
        remedy = f"create it with `temporal operator namespace create {name}` or set TEMPORAL_NAMESPACE"
        raise NotFound(f"the namespace {name!r} does not exist on the server; {remedy}") from None
    return found.config.workflow_execution_retention_ttl.ToTimedelta()


async def raise_retention(client: Client, wanted: timedelta) -> NamespaceRetention:
    """Make the namespace keep closed workflows at least as long as wanted; never shortens what it finds.

    Refusing a duplicate workflow id works only within the retention; the embedded server starts with one day.
    """
    before = await retention(client)
    if before >= wanted:
        return NamespaceRetention(before, before)
    duration = Duration()
    duration.FromTimedelta(wanted)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=duration)
        ),
        timeout=RPC_TIMEOUT,
    )
    return NamespaceRetention(before, wanted)
