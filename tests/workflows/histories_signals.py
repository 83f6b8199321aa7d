"""Histories of workflows that were sent what makes no sense, and of those that went on in a new run."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from relance.contracts.alerts import AlertInput, DetailsAsked, Inhibited, Sighted
from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleOptions, WaveInput
from relance.contracts.follow_up import Followed, FollowUpInput, Wake
from relance.contracts.names import ErrorType, Signal, TaskQueue
from relance.contracts.reports import CycleReportInput
from relance.contracts.rollback import RollBackInput
from relance.devstack import temporal_server
from relance.domain.alerts.lifecycle import Firing
from relance.domain.cycle.control import ControlState
from relance.domain.failures import Severity
from relance.temporal.plugin import relance_plugin
from tests.workflows.desk import Newsroom
from tests.workflows.house import House
from tests.workflows.malformed import malformed, send
from tests.workflows.test_cycle_report import Chats
from tests.workflows.test_follow_up import RecordedSteps
from tests.workflows.test_roll_back import Archive
from workflows.alert import Alert
from workflows.cycle_report import CycleReport
from workflows.follow_up import FollowUp
from workflows.registry import WORKFLOWS
from workflows.roll_back import RollBack
from workflows.send_wave import SendWave

PERIOD = "2026-11"
SUGGESTED_AT = 60
"""Events; short enough to be kept, long enough that the workflow has something to carry."""

FUTURE = datetime(9999, 12, 31, tzinfo=UTC)
Save = Callable[[Client, str, str, str | None], Awaitable[None]]


async def record_signals(save: Save) -> None:
    """Record on a server that suggests a new run early."""
    now = datetime.now(UTC).replace(microsecond=0)
    house = House(planned={"u1": now}, control=ControlChange(state=ControlState.PAUSED, by="ann", at=now))
    names: list[str | None] = [None, *(f"u{number}" for number in range(10, 40))]
    archive = Archive(pages=dict(zip(names, [*names[1:], None], strict=True)), put_off={None: 1})
    activities: list[Callable[..., Any]] = [
        *(one for one in house.activities() if one not in (house.give_up, house.ways, house.post_cycle_report)),
        Chats({name: [ErrorType.CHANNEL_UNAVAILABLE] * 100 for name in ("slack", "mail")}).post_cycle_report,
        *archive.activities(),
        *Newsroom(busy={"slack", "mail"}).activities(),
        RecordedSteps().run_steps,
    ]
    with tempfile.TemporaryDirectory() as folder:
        limit = {"limit.historyCount.suggestContinueAsNew": SUGGESTED_AT}
        server = await temporal_server.start(Path(folder), dynamic_config=limit)
        client = await Client.connect(server.address, plugins=[relance_plugin()])
        skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        async with AsyncExitStack() as workers:
            for queue in TaskQueue:
                worker = Worker(client, task_queue=queue, workflows=WORKFLOWS[queue], activities=activities)
                await workers.enter_async_context(worker)
            await _wave(skipper, house, save)
            await _follow_up(skipper, save)
            await _alert(skipper, save)
            await _roll_back(skipper, save)
            await _cycle_report(skipper, save)
        await server.stop()


async def _send_everything(client: Client, handle: WorkflowHandle[Any, Any], cls: type) -> None:
    for one in malformed(cls):
        await send(client, handle.id, one.name, one.arguments)


async def _wave(skipper: TimeSkipper, house: House, save: Save) -> None:
    """A wave that hears an order from the future, and of a pause that the database does not know."""
    wave = await skipper.client.start_workflow(
        SendWave.run,
        WaveInput(period=PERIOD, instant=house.planned["u1"], options=CycleOptions()),
        id="wave-malformed",
        task_queue=TaskQueue.INVITATIONS,
    )
    while house.looks < 1:
        await asyncio.sleep(0.05)
    await _send_everything(skipper.client, wave, SendWave)
    await wave.signal(SendWave.control, ControlChange(state=ControlState.PAUSED, by="x", at=FUTURE))
    house.control = ControlChange(at=house.control.at)
    await skipper.fast_forward(wave, timedelta(hours=1, minutes=5))
    await wave.result()
    await save(skipper.client, wave.id, "send_wave.malformed", wave.result_run_id)


async def _follow_up(skipper: TimeSkipper, save: Save) -> None:
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    group = Followed(contacts=("a", "b"), first=due, second=due + timedelta(days=4), expiry=due + timedelta(days=27))
    follow_up = await skipper.client.start_workflow(
        FollowUp.run,
        FollowUpInput(period=PERIOD, user_id="u9", groups=(group,), expiry_days=30),
        id="follow-up-malformed",
        task_queue=TaskQueue.INVITATIONS,
    )
    await _send_everything(skipper.client, follow_up, FollowUp)
    absurd = Followed(contacts=tuple(f"x{number}" for number in range(300)), first=FUTURE)
    await follow_up.signal(FollowUp.wake, Wake(groups=(absurd,)))
    await skipper.fast_forward(follow_up, timedelta(days=31))
    await follow_up.result()
    await save(skipper.client, follow_up.id, "follow_up.malformed", follow_up.result_run_id)


async def _alert(skipper: TimeSkipper, save: Save) -> None:
    """A group that is sent nonsense and asked for details, all at once, and goes on in a new run."""
    group = await skipper.client.start_workflow(
        Alert.run,
        AlertInput(group="malformed"),
        id="alert-malformed",
        task_queue=TaskQueue.OPS,
        start_signal=Signal.SIGHTED,
        start_signal_args=[Sighted(firings=(Firing("a", Severity.HIGH),), observation="2026-11-20", whole=True)],
    )
    first = group.result_run_id or ""
    news = Sighted(firings=(Firing("a", Severity.HIGH),), observation="zzz", whole=True)
    await group.signal(Alert.sighted, news)
    await _send_everything(skipper.client, group, Alert)
    await group.signal(Alert.details, DetailsAsked(keys=("a",)))
    group = skipper.client.get_workflow_handle(group.id)
    while first == (second := (await group.describe()).run_id):
        await group.signal(Alert.inhibited, Inhibited(by=None))
        # No channel in line takes the message: the group waits five minutes with whatever comes.
        await skipper.fast_forward(group, timedelta(minutes=6))
    await asyncio.sleep(3)
    await save(skipper.client, group.id, "alert.malformed", first)
    await save(skipper.client, group.id, "alert.continued", second)
    await group.terminate()


async def _roll_back(skipper: TimeSkipper, save: Save) -> None:
    rollback = await skipper.client.start_workflow(
        RollBack.run, RollBackInput(period=PERIOD, correction=True), id="roll-back-long", task_queue=TaskQueue.OPS
    )
    newest = skipper.client.get_workflow_handle(rollback.id)
    while (await newest.describe()).run_id == rollback.result_run_id:
        await asyncio.sleep(0.1)
    await save(skipper.client, rollback.id, "roll_back.long", rollback.result_run_id)
    last = ""
    while last != (last := (await newest.describe()).run_id):
        await asyncio.sleep(2)
    await skipper.fast_forward(newest, timedelta(minutes=30))
    await newest.result()
    await save(skipper.client, rollback.id, "roll_back.continued", None)


async def _cycle_report(skipper: TimeSkipper, save: Save) -> None:
    report = await skipper.client.start_workflow(
        CycleReport.run,
        CycleReportInput(period=PERIOD, at=datetime.now(UTC), patience=timedelta(hours=30)),
        id="cycle-report-long",
        task_queue=TaskQueue.OPS,
    )
    first = report.result_run_id or ""
    newest = skipper.client.get_workflow_handle(report.id)
    while (await newest.describe()).run_id == first:
        # The run may be over by now: then the next one is there.
        with suppress(RPCError):
            await skipper.fast_forward(newest, timedelta(hours=1))
    await save(skipper.client, report.id, "cycle_report.long", first)
    await asyncio.sleep(2)
    await save(skipper.client, report.id, "cycle_report.continued", None)
    await newest.terminate()
