"""Histories of a group of alerts that goes by routes: `python -m tests.workflows.histories_routes` records them."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from relance import ids
from relance.contracts.alerts import Decided, DetailsAsked, Sighted
from relance.contracts.names import TaskQueue
from relance.devstack import temporal_server
from relance.domain.alerts.lifecycle import Firing
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.alerts.routing import AlertRoute, QuietHours
from relance.domain.failures import Severity
from relance.runtime.process_exit import terminate
from relance.temporal.alert_groups import TemporalAlertGroups
from relance.temporal.plugin import relance_plugin
from tests.workflows.desk import Newsroom
from workflows.registry import WORKFLOWS

GROUP = "routed"
Save = Callable[[Client, str, str], Awaitable[None]]


async def record_routes(save: Save) -> None:
    """One route is down at first, another is in its quiet hours; all is escalated, asked about and resolved."""
    now = datetime.now(UTC)
    quiet = QuietHours(start=f"{now - timedelta(hours=1):%H:%M}", end=f"{now + timedelta(hours=2):%H:%M}", zone="UTC")
    routes = (
        AlertRoute(name="duty", severities=(Severity.CRITICAL,), always=("inbox",), order=("slack:duty", "mail:duty")),
        AlertRoute(name="desk", severities=(Severity.HIGH,), order=("slack:desk",)),
        AlertRoute(name="default", always=("inbox",), quiet=quiet),
    )
    room = Newsroom(routes=routes, busy={"slack:desk"})
    with tempfile.TemporaryDirectory() as folder:
        server = await temporal_server.start(Path(folder))
        client = await Client.connect(server.address, plugins=[relance_plugin()])
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        async with AsyncExitStack() as workers:
            queue = TaskQueue.OPS
            worker = Worker(client, task_queue=queue, workflows=WORKFLOWS[queue], activities=room.activities())
            await workers.enter_async_context(worker)
            groups = TemporalAlertGroups(client, AlertPolicy())
            handle = client.get_workflow_handle(ids.alert_workflow_id(GROUP))
            severities = {"a": Severity.CRITICAL, "b": Severity.HIGH, "c": Severity.MEDIUM}
            firings = tuple(Firing(f"default-lp/{key}", severity) for key, severity in severities.items())
            await groups.sighted(GROUP, Sighted(firings=firings, observation="2026-11-20", whole=True))
            await skipper.fast_forward(handle, timedelta(minutes=16))
            room.busy = set()
            await skipper.fast_forward(handle, timedelta(minutes=10))
            await groups.notify(GROUP, DetailsAsked(keys=("default-lp/a", "default-lp/b")))
            await skipper.fast_forward(handle, timedelta(hours=3))
            await groups.notify(GROUP, Decided(keys=("default-lp/a",)))
            await groups.sighted(GROUP, Sighted(observation="2026-11-21", whole=True))
            await skipper.fast_forward(handle, timedelta(hours=2))
            await handle.result()
            await save(client, handle.id, "alert.routed")
        await server.stop()


async def _record() -> int:
    from tests.workflows.histories import save  # noqa: PLC0415 - that module imports this one

    await record_routes(save)
    sys.stdout.write("recorded\n")
    return 0


if __name__ == "__main__":
    terminate(asyncio.run(_record()))
