"""A real server, sandboxed workflows, and clocks that can be moved forward."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from relance.contracts.names import TaskQueue
from relance.temporal.plugin import relance_plugin
from workflows.registry import WORKFLOWS

MARGIN = timedelta(seconds=2)

ALL: list[type] = list(dict.fromkeys(workflow for workflows in WORKFLOWS.values() for workflow in workflows))
"""Every workflow once; one may be served on several queues."""


@pytest.fixture(scope="session")
async def client(temporal_address: str) -> Client:
    return await Client.connect(temporal_address, plugins=[relance_plugin()])


@pytest.fixture
def skipper(client: Client) -> TimeSkipper:
    return TimeSkipper(client, config=TimeSkippingConfig(enabled=False, max_session_skip_count=5000))


Serve = Callable[[Sequence[Callable[..., Any]]], AbstractAsyncContextManager[None]]


@pytest.fixture
def serving(client: Client) -> Serve:
    """Run a worker on every queue, all with the given activities."""

    @asynccontextmanager
    async def serve(activities: Sequence[Callable[..., Any]]) -> AsyncIterator[None]:
        async with AsyncExitStack() as workers:
            for queue in TaskQueue:
                await workers.enter_async_context(
                    Worker(client, task_queue=queue, workflows=WORKFLOWS[queue], activities=activities)
                )
            yield

    return serve


@pytest.fixture
def start() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """A user no other test has."""
    return f"u{abs(hash(request.node.name)) % 10**9}"


async def move_to(skipper: TimeSkipper, handle: WorkflowHandle[Any, Any], instant: datetime) -> bool:
    """Move a workflow's clock to just after an instant; False when it ended on the way."""
    now = await skipper.get_current_time(handle)
    return await skipper.fast_forward(handle, instant + MARGIN - now)
