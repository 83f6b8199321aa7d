"""Workflows that go on in a new run carry everything: the test server suggests it after 400 events."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic_core import to_json
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper

from relance import ids
from relance.contracts.alerts import AlertInput, DetailsAsked, Inhibited, Sighted
from relance.contracts.cycle import MailCounts
from relance.contracts.names import ErrorType, Signal, TaskQueue
from relance.contracts.reports import CycleReportInput, CycleReportResult
from relance.contracts.rollback import Correcting, PutOffPage, RollBackInput
from relance.domain.alerts.group import AlertCounts
from tests.support.asking import answered
from tests.support.patience import PATIENCE_S
from tests.workflows import test_roll_back
from tests.workflows.conftest import Serve
from tests.workflows.desk import Newsroom
from tests.workflows.test_alert import firing
from tests.workflows.test_cycle_report import AT, Chats
from tests.workflows.test_roll_back import Archive
from workflows import roll_back
from workflows.alert import Alert
from workflows.cycle_report import CycleReport

LONG = 410


async def sleeps(handle: WorkflowHandle[Any, Any]) -> bool:
    events = [event.event_type async for event in handle.fetch_history_events()]
    return EventType.EVENT_TYPE_TIMER_STARTED in events


async def runs(handle: WorkflowHandle[Any, Any]) -> int:
    """Count the runs of a workflow, from the newest back."""
    count, run_id = 0, None
    while run_id != "":
        handle = handle if run_id is None else handle._client.get_workflow_handle(handle.id, run_id=run_id)
        first = (await handle.fetch_history()).events[0]
        run_id = first.workflow_execution_started_event_attributes.continued_execution_run_id
        count += 1
    return count


async def test_details_that_were_asked_for_are_told_by_the_next_run(client: Client, serving: Serve) -> None:
    room, name = Newsroom(), f"group-{uuid4().hex[:8]}"
    handle: WorkflowHandle[Alert, AlertCounts] = client.get_workflow_handle(
        ids.alert_workflow_id(name), result_type=AlertCounts
    )
    async with serving(room.activities()):
        await client.start_workflow(
            Alert.run,
            AlertInput(group=name),
            id=handle.id,
            task_queue=TaskQueue.OPS,
            execution_timeout=timedelta(days=30),
            start_signal=Signal.SIGHTED,
            start_signal_args=[Sighted(firings=(firing("a"), firing("b")))],
        )
        async with asyncio.timeout(PATIENCE_S):
            while not room.told():
                await asyncio.sleep(0.05)
    # Nobody is there to take these in one by one: all of them come with one workflow task, which is long then.
    for _ in range(LONG):
        await handle.signal(Alert.inhibited, Inhibited(by=None))
    await handle.signal(Alert.details, DetailsAsked(keys=("b", "unknown")))
    async with serving(room.activities()):
        async with asyncio.timeout(PATIENCE_S):
            while not any(one.details for one in room.posts):
                await asyncio.sleep(0.05)
        assert await runs(handle) == 2
        view = await answered(lambda: handle.query(Alert.view))
        await handle.terminate()
    assert [line.key for one in room.posts if one.details for line in one.lines] == ["b", "b"]
    assert sorted(one.channel for one in room.posts if one.details) == ["inbox", "slack"]
    assert (set(view.group.members), view.group.sequence) == ({"a", "b"}, 1)
    assert room.told("inbox")[0] == ("firing", 0, 2)


async def test_a_rollback_of_many_pages_goes_on_where_it_was(
    skipper: TimeSkipper, serving: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_roll_back, "GREYLISTED", timedelta(seconds=2))
    names = [None, *(f"u{number:03}" for number in range(1, 150))]
    pages = dict(zip(names, [*names[1:], None], strict=True))
    put_off = {None: 1, "u060": 2, "u149": 1}
    archive = Archive(pages=pages, put_off=dict(put_off))
    async with serving(archive.activities()):
        rollback = await test_roll_back.begin(skipper, RollBackInput(period="2026-11", correction=True))
        result = await rollback.result()
        assert await runs(skipper.client.get_workflow_handle(rollback.id)) >= 2
    assert archive.calls[:3] == ["give up", "stop", "give up"]
    # A run that another test left on this server may ask the same worker to give up.
    corrected = [call for call in archive.calls if call.startswith("correct")]
    assert corrected[: len(names)] == [f"correct {after} None 0" for after in names]
    again = ["correct None u001 1", "correct u060 u061 1", "correct u149 None 1", "correct u060 u061 2"]
    assert corrected[len(names) :] == again
    assert (result.follow_ups, result.reached, result.changes) == (3, 9, {"invitations.sent": 7})
    sent = 5 * len(names) - sum(put_off.values()) + len(again)
    assert result.corrections == MailCounts(users=2 * len(names), sent=sent)


async def test_what_is_put_off_does_not_grow_without_end(skipper: TimeSkipper, serving: Serve) -> None:
    archive, full = Archive(pages={"u9": "u99", "u99": None}), roll_back.MOST_PUT_OFF
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    put_off = tuple(
        PutOffPage(after=f"a{number}", last=f"b{number}", deferred=1, at=long_ago) for number in range(full)
    )
    correcting = Correcting(after="u9", put_off=put_off)
    request = RollBackInput(period="2026-11", correction=True, correcting=correcting)
    assert len(to_json(request)) < 500_000
    async with serving(archive.activities()):
        rollback = await test_roll_back.begin(skipper, request)
        async with asyncio.timeout(PATIENCE_S):
            while len(archive.calls) < 4:
                await asyncio.sleep(0.02)
        await skipper.client.get_workflow_handle(rollback.id).terminate()
    # Before the next page is sent there is room for it among those that are put off.
    assert archive.calls[:4] == ["correct a0 b0 1", "correct u9 None 0", "correct u99 None 0", "correct a1 b1 1"]


async def test_a_report_that_goes_on_in_a_new_run_is_told_once(client: Client, serving: Serve) -> None:
    chats = Chats({"slack": [ErrorType.CHANNEL_UNAVAILABLE], "mail": [ErrorType.CHANNEL_UNAVAILABLE]})
    handle = await client.start_workflow(
        CycleReport.run,
        CycleReportInput(period="2026-11", at=AT),
        id=f"cycle-report-under-test/{uuid4()}",
        task_queue=TaskQueue.OPS,
        execution_timeout=timedelta(days=30),
    )
    for _ in range(LONG):
        await handle.signal("no-such-signal")
    skipper = TimeSkipper(client)
    async with serving(chats.activities()):
        async with asyncio.timeout(PATIENCE_S):
            # Every channel has answered by then: time that is skipped before would look like a post that hangs.
            while not await sleeps(handle):
                await asyncio.sleep(0.05)
        await skipper.fast_forward(handle, timedelta(minutes=6))
        newest: WorkflowHandle[CycleReport, CycleReportResult] = client.get_workflow_handle(
            handle.id, result_type=CycleReportResult
        )
        result = await newest.result()
        assert await runs(newest) == 2
    assert sorted(chats.told) == ["inbox", "slack"]
    assert result.outcomes == {"inbox": "repeated", "slack": "delivered", "mail": "ChannelUnavailable"}
