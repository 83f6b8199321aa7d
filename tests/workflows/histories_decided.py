"""Histories of runs that were sent decisions, stored ones and forged ones."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from relance import ids
from relance.contracts.alerts import Decided, Inhibited, Sighted
from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleOptions, WaveInput
from relance.contracts.names import TaskQueue
from relance.devstack import temporal_server
from relance.domain.alerts.lifecycle import Firing
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.cycle.control import ControlState
from relance.domain.failures import Severity
from relance.runtime.process_exit import terminate
from relance.temporal.alert_groups import TemporalAlertGroups
from relance.temporal.plugin import relance_plugin
from tests.workflows.desk import Newsroom
from tests.workflows.house import House
from workflows.registry import WORKFLOWS
from workflows.send_wave import SendWave

if TYPE_CHECKING:
    from tests.workflows.histories_signals import Save

GROUP = "default-lp"
FORGED = datetime(2099, 1, 1, tzinfo=UTC)


async def record_decided(save: Save) -> None:
    """Record a group of alerts and a wave."""
    now = datetime.now(UTC).replace(microsecond=0)
    room = Newsroom()
    house = House(planned={"u1": now}, control=ControlChange(state=ControlState.PAUSED, by="ann", at=now))
    with tempfile.TemporaryDirectory() as folder:
        server = await temporal_server.start(Path(folder))
        client = await Client.connect(server.address, plugins=[relance_plugin()])
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        activities = [*room.activities(), *(one for one in house.activities() if one != house.ways)]
        async with AsyncExitStack() as workers:
            for queue in (TaskQueue.OPS, TaskQueue.INVITATIONS, TaskQueue.MAIL):
                worker = Worker(client, task_queue=queue, workflows=WORKFLOWS[queue], activities=activities)
                await workers.enter_async_context(worker)
            await _alert(skipper, room, save)
            await _wave(client, house, save)
        await server.stop()


async def _alert(skipper: TimeSkipper, room: Newsroom, save: Save) -> None:
    groups = TemporalAlertGroups(skipper.client, AlertPolicy())
    handle = skipper.client.get_workflow_handle(ids.alert_workflow_id(GROUP))
    keys = tuple(f"{GROUP}/{name}" for name in "abc")
    firings = tuple(Firing(key, Severity.HIGH) for key in keys)
    await groups.sighted(GROUP, Sighted(firings=firings, observation="2026-11-20", whole=True))
    await skipper.fast_forward(handle, timedelta(minutes=5))
    await groups.notify(GROUP, Decided(keys=keys, until=FORGED))
    await groups.notify(GROUP, Inhibited(by="everflow-down"))
    room.decide(keys[0])
    await groups.notify(GROUP, Decided(keys=keys[:1]))
    room.decide(keys[1], until=datetime.now(UTC) + timedelta(hours=2))
    await groups.notify(GROUP, Decided(keys=keys[1:2], until=FORGED))
    await skipper.fast_forward(handle, timedelta(hours=5))
    await groups.sighted(GROUP, Sighted(observation="2026-11-21", whole=True))
    await skipper.fast_forward(handle, timedelta(hours=2))
    await handle.result()
    await save(skipper.client, handle.id, "alert.decided", None)


async def _wave(client: Client, house: House, save: Save) -> None:
    wave = await client.start_workflow(
        SendWave.run,
        WaveInput(period="2026-11", instant=house.planned["u1"], options=CycleOptions()),
        id="wave-decided",
        task_queue=TaskQueue.INVITATIONS,
    )
    while house.looks < 1:
        await asyncio.sleep(0.05)
    await wave.signal(SendWave.control, ControlChange(state=ControlState.CANCELLED, by="nobody", at=FORGED))
    while house.looks < 2:
        await asyncio.sleep(0.05)
    house.control = ControlChange(state=ControlState.RUNNING, by="ann", at=datetime.now(UTC))
    await wave.signal(SendWave.control, house.control)
    await wave.result()
    await save(client, wave.id, "send_wave.decided", None)


async def _record() -> int:
    from tests.workflows.histories import save  # noqa: PLC0415 - that module imports this one

    await record_decided(save)
    sys.stdout.write("recorded\n")
    return 0


if __name__ == "__main__":
    terminate(asyncio.run(_record()))
