"""Signals that make no sense, to every workflow that has handlers, and to one that has none."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.converter import WorkflowSerializationContext
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig
from temporalio.worker import Replayer, Worker

from relance import ids
from relance.contracts.alerts import AlertInput, AlertView, Sighted
from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleInput, CycleOptions, CycleProgress, WaveInput, WaveResult
from relance.contracts.follow_up import Followed, FollowedState, FollowUpInput, InvitationEvent
from relance.contracts.names import Query, Signal, TaskQueue
from relance.contracts.rollback import RollBackInput, RollBackResult
from relance.domain.alerts.lifecycle import Firing
from relance.domain.cycle.control import ControlState
from relance.domain.failures import Severity
from relance.domain.invitations.events import EventKind
from relance.temporal.payloads import DATA_CONVERTER, SIGNALLED, Unreadable
from relance.temporal.plugin import relance_plugin
from tests.support.patience import PATIENCE_S
from tests.support.private_sdk import workflow_definition
from tests.workflows.conftest import ALL
from tests.workflows.desk import Newsroom
from tests.workflows.house import House
from tests.workflows.malformed import as_json, malformed, send
from tests.workflows.test_follow_up import RecordedSteps
from tests.workflows.test_roll_back import Archive
from tests.workflows.touchy import Touchy
from workflows.alert import Alert
from workflows.follow_up import FollowUp
from workflows.monthly_cycle import MonthlyCycle
from workflows.open_period import OpenPeriod
from workflows.registry import WORKFLOWS
from workflows.roll_back import RollBack
from workflows.send_wave import SendWave

PERIOD, USER = "2026-11", "u1"
LIMIT = timedelta(days=90)
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
WITH_HANDLERS = [cls for cls in ALL if workflow_definition(cls).signals]


class Ignored:
    """What the workers of a test have counted."""

    def __init__(self) -> None:
        self.buffer = MetricBuffer(20_000)
        self.runtime = Runtime(telemetry=TelemetryConfig(metrics=self.buffer))
        self.counts: Counter[tuple[str, str, str]] = Counter()

    def read(self) -> Counter[tuple[str, str, str]]:
        for update in self.buffer.retrieve_updates():
            if update.metric.name == "relance_signals_ignored":
                seen = update.attributes
                self.counts[str(seen["workflow_type"]), str(seen["signal"]), str(seen["reason"])] += int(update.value)
        return self.counts


@pytest.fixture
def ignored() -> Ignored:
    return Ignored()


@pytest.fixture
async def own(temporal_address: str, ignored: Ignored) -> Client:
    return await Client.connect(temporal_address, plugins=[relance_plugin()], runtime=ignored.runtime)


@asynccontextmanager
async def serving(client: Client, activities: Sequence[Callable[..., Any]]) -> AsyncIterator[None]:
    async with AsyncExitStack() as workers:
        for queue in TaskQueue:
            worker = Worker(client, task_queue=queue, workflows=WORKFLOWS[queue], activities=activities)
            await workers.enter_async_context(worker)
        yield


def activities() -> Sequence[Callable[..., Any]]:
    """Everything these workflows call: a cycle whose plans are days ahead, a wave that is paused."""
    house = House(
        planned={USER: SOON}, control=ControlChange(state=ControlState.PAUSED, by="ann", at=datetime.now(UTC))
    )
    desk, archive = Newsroom(), Archive(in_flight=[1] * 50)
    shared = (house.ways, house.give_up)
    return [
        *(one for one in house.activities() if one not in shared),
        *desk.activities(),
        *archive.activities(),
        RecordedSteps().run_steps,
    ]


def begun(cls: type) -> tuple[Any, Any, TaskQueue]:
    """Return a workflow's method, the input with which it stays open, and its queue."""
    group = Followed(contacts=("a", "b"), first=SOON, second=SOON + timedelta(days=4), expiry=SOON + timedelta(days=27))
    options = CycleOptions(batch_users=1, batches_in_flight=1, replan_every=timedelta(days=60))
    return {
        MonthlyCycle: (MonthlyCycle.run, CycleInput(period="2031-11", options=options), TaskQueue.INVITATIONS),
        SendWave: (SendWave.run, WaveInput(period=PERIOD, instant=SOON, options=options), TaskQueue.INVITATIONS),
        FollowUp: (
            FollowUp.run,
            FollowUpInput(period=PERIOD, user_id=USER, groups=(group,), expiry_days=30),
            TaskQueue.INVITATIONS,
        ),
        Alert: (Alert.run, AlertInput(group="under-test"), TaskQueue.OPS),
        RollBack: (RollBack.run, RollBackInput(period=PERIOD), TaskQueue.OPS),
    }[cls]


async def begin(client: Client, cls: type) -> WorkflowHandle[Any, Any]:
    run, argument, queue = begun(cls)
    signal: dict[str, Any] = {}
    if cls is Alert:
        # Without anything open a group is over at once.
        signal = {"start_signal": Signal.SIGHTED, "start_signal_args": [Sighted(firings=(Firing("a", Severity.HIGH),))]}
    return await client.start_workflow(
        run, argument, id=f"guarded-{cls.__name__}-{uuid4()}", task_queue=queue, execution_timeout=LIMIT, **signal
    )


async def answer(handle: WorkflowHandle[Any, Any], cls: type) -> Any:
    query, type_ = {
        MonthlyCycle: (Query.PROGRESS, CycleProgress),
        SendWave: (Query.PROGRESS, WaveResult),
        FollowUp: (Query.STEPS, list[FollowedState]),
        Alert: (Query.VIEW, AlertView),
        RollBack: (Query.PROGRESS, RollBackResult),
    }[cls]
    return await handle.query(query, result_type=type_)


def unmoved(answered: Any) -> Any:
    """Return what only a signal could have changed."""
    match answered:
        case CycleProgress():
            return answered.control
        case WaveResult():
            # That it is paused it hears from the database.
            return answered.counts, answered.control.by in {"", "ann"}
        case AlertView():
            return {key: (member.state, member.value) for key, member in answered.group.members.items()}
        case RollBackResult():
            return answered.period
    return answered


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.05)


def task_failures(history: WorkflowHistory) -> int:
    return sum(event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED for event in history.events)


def expected(cls: type) -> Counter[tuple[str, str, str]]:
    known = set(Signal)
    return Counter((cls.__name__, one.name if one.name in known else "other", one.reason) for one in malformed(cls))


@pytest.mark.parametrize("cls", [*WITH_HANDLERS, RollBack], ids=lambda cls: cls.__name__)
async def test_whatever_is_signalled_the_workflow_goes_on_and_each_is_counted_once(
    cls: type, own: Client, ignored: Ignored, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(own, activities()):
        handle = await begin(own, cls)
        before = await answer(handle, cls)
        for one in malformed(cls):
            await send(own, handle.id, one.name, one.arguments)
        await until(lambda: ignored.read().total() >= expected(cls).total())
        after = await answer(handle, cls)
        history = await handle.fetch_history()
        await handle.terminate()
    assert ignored.read() == expected(cls)
    assert task_failures(history) == 0
    assert unmoved(after) == unmoved(before)
    warnings = [record for record in caplog.records if "ignored a signal" in record.getMessage()]
    assert len(warnings) == expected(cls).total()
    assert not any("ann@" in record.getMessage() or record.exc_info for record in caplog.records)
    # A replay neither counts nor logs again.
    caplog.clear()
    replayer = Replayer(workflows=ALL, plugins=[relance_plugin()], runtime=ignored.runtime)
    await replayer.replay_workflow(history)
    assert ignored.read() == expected(cls)
    # What other tests of this process have left behind may speak as well.
    ours = [record for record in caplog.records if record.name.startswith(("temporalio", "relance.temporal"))]
    assert not [record for record in ours if record.levelno >= logging.WARNING]


async def test_what_comes_before_the_workflow_has_begun_is_counted_too(own: Client, ignored: Ignored) -> None:
    handle = await begin(own, FollowUp)
    await send(own, handle.id, "stop", ())
    await send(own, handle.id, "event", (as_json({"invitation_id": "nonsense", "kind": "submitted", "at": 5}),))
    await send(own, handle.id, "no-such-signal", ())
    async with serving(own, activities()):
        await until(lambda: ignored.read().total() == 3)
        assert [one.ended for one in await answer(handle, FollowUp)] == [None, None]
        await handle.terminate()
    assert {reason for _, _, reason in ignored.counts} == {"arguments", "refused", "unknown"}


async def test_an_event_reaches_its_invitation_only_and_absurd_ones_none(own: Client, ignored: Ignored) -> None:
    async with serving(own, activities()):
        handle = await begin(own, FollowUp)
        at = datetime.now(UTC)
        for name in ("nonsense", "2026-10.u1.a", "2026-11.u2.a", f"2026-11.u1.{'a' * 100_000}"):
            await handle.signal(FollowUp.event, InvitationEvent(invitation_id=name, kind=EventKind.SUBMITTED, at=at))
        unknown = ids.invitation_id(PERIOD, USER, "z")
        await handle.signal(FollowUp.event, InvitationEvent(invitation_id=unknown, kind=EventKind.SUBMITTED, at=at))
        one = ids.invitation_id(PERIOD, USER, "a")
        await handle.signal(FollowUp.event, InvitationEvent(invitation_id=one, kind=EventKind.SUBMITTED, at=at))
        await handle.signal(FollowUp.stop, "r" * 1_900_000)
        result = await handle.result()
    assert (result["a"], len(result["b"])) == ("submitted", 500)
    assert ignored.read() == {("FollowUp", "event", "refused"): 4}


async def test_a_query_with_wrong_arguments_fails_alone(own: Client) -> None:
    async with serving(own, activities()):
        handle = await begin(own, MonthlyCycle)
        # The SDK drops what comes with a question that takes nothing.
        assert (await handle.query(Query.PROGRESS, args=[1, 2], result_type=CycleProgress)).period == "2031-11"
        with pytest.raises(WorkflowQueryFailedError):
            await handle.query("no-such-query")
        assert (await answer(handle, MonthlyCycle)).period == "2031-11"
        assert task_failures(await handle.fetch_history()) == 0
        await handle.terminate()


@asynccontextmanager
async def touchy(client: Client) -> AsyncIterator[WorkflowHandle[Any, str]]:
    name = f"touchy-{uuid4()}"
    async with Worker(client, task_queue=name, workflows=[Touchy]):
        yield await client.start_workflow(Touchy.run, id=name, task_queue=name, execution_timeout=timedelta(minutes=5))


async def test_what_is_raised_on_purpose_fails_the_workflow_as_ever(own: Client) -> None:
    async with touchy(own) as handle:
        await handle.signal(Touchy.fail_on_purpose)
        with pytest.raises(Exception, match="Workflow execution failed"):
            await handle.result()


async def test_an_update_that_cannot_be_handled_fails_and_the_workflow_goes_on(own: Client, ignored: Ignored) -> None:
    async with touchy(own) as handle:
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update(Touchy.ask, 0)
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update("no-such-update", 5)
        assert await handle.execute_update(Touchy.ask, 5) == 2
        await handle.signal(Touchy.fail)
        await handle.signal(Touchy.finish)
        assert await handle.result() == "done"
        assert task_failures(await handle.fetch_history()) == 0
    assert ignored.read() == {("Touchy", "other", "refused"): 1}


def test_only_signals_have_the_types_that_may_come_unreadable() -> None:
    definitions = [workflow_definition(cls) for cls in ALL]
    signalled = {type_ for one in definitions for signal in one.signals.values() for type_ in signal.arg_types or ()}
    assert signalled == SIGNALLED
    assert not SIGNALLED & {type_ for one in definitions for type_ in one.arg_types or ()}
    # Nobody's child: no workflow reads its result.
    others = [workflow_definition(cls) for cls in ALL if cls is not OpenPeriod]
    assert not SIGNALLED & {one.ret_type for one in others}
    assert {name for one in definitions for name in one.signals} == set(Signal)


def test_all_calls_about_workflows_share_a_converter() -> None:
    of_one, of_another = (
        DATA_CONVERTER.with_context(WorkflowSerializationContext(namespace="n", workflow_id=name)) for name in "ab"
    )
    assert of_one is of_another
    assert of_one is not DATA_CONVERTER
    # Only what the SDK reads for a workflow may turn out to be a signal.
    garbage = [Payload(metadata={"encoding": b"json/plain"}, data=b"1")]
    assert of_one.payload_converter.from_payloads(garbage, [ControlChange]) == [Unreadable.UNREADABLE]
    with pytest.raises(ValueError, match="ControlChange"):
        DATA_CONVERTER.payload_converter.from_payloads(garbage, [ControlChange])
