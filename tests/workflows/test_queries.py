"""A workflow that nobody answers for just now is no error of the command that asks."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from relance import ids
from relance.contracts.alerts import AlertInput
from relance.contracts.names import TaskQueue, Workflow
from relance.domain.alerts.policy import AlertPolicy
from relance.errors import NobodyAnswers
from relance.temporal.queries import unless_silent, until_answered
from relance.temporal.repairs import TemporalAlertRestarts
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve
from tests.workflows.test_follow_up import Handle, RecordedSteps, begin
from workflows.follow_up import FollowUp

SOON = timedelta(seconds=1)


async def status(handle: Handle) -> RPCStatusCode:
    with pytest.raises(RPCError) as raised:
        await handle.query(FollowUp.steps, rpc_timeout=SOON)
    return raised.value.status


async def test_nobody_answers_for_a_workflow_without_a_worker(
    client: Client, serving: Serve, user: str, start: datetime
) -> None:
    handle = await begin(client, user, start, ("a",))
    # Which of the two is said depends on who notices first that time is up, the SDK or the server.
    out_of_time = {RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED}
    assert await status(handle) in out_of_time
    assert await unless_silent(handle.query(FollowUp.steps, rpc_timeout=SOON)) is None
    async with serving([RecordedSteps().run_steps]):
        assert await unless_silent(handle.query(FollowUp.steps)) is not None
    # The worker that knows the workflow is gone, and the server still asks it first.
    assert await status(handle) in out_of_time
    assert await unless_silent(handle.query(FollowUp.steps, rpc_timeout=SOON)) is None
    await handle.terminate()
    # A workflow that has ended answers for as long as it is kept; one that never was does not.
    unknown: Handle = client.get_workflow_handle(f"{handle.id}-never-was")
    assert await status(unknown) is RPCStatusCode.NOT_FOUND
    assert await unless_silent(unknown.query(FollowUp.steps, rpc_timeout=SOON)) is None


async def test_a_question_is_asked_again_until_a_worker_is_there(
    client: Client, serving: Serve, user: str, start: datetime
) -> None:
    handle = await begin(client, user, start, ("a",))
    asked = 0

    async def ask() -> int:
        nonlocal asked
        asked += 1
        return len(await handle.query(FollowUp.steps, rpc_timeout=SOON))

    asking = asyncio.ensure_future(until_answered(ask, timedelta(seconds=PATIENCE_S)))
    async with asyncio.timeout(PATIENCE_S):
        while asked < 2:
            await asyncio.sleep(0.05)
    async with serving([RecordedSteps().run_steps]):
        assert await asking == 1
    await handle.terminate()


async def test_who_is_asked_in_vain_for_too_long_is_named_and_who_is_gone_is_nobody(
    client: Client, user: str, start: datetime
) -> None:
    handle = await begin(client, user, start, ("a",))
    with pytest.raises(NobodyAnswers):
        await until_answered(lambda: handle.query(FollowUp.steps, rpc_timeout=SOON), timedelta(0))
    unknown: Handle = client.get_workflow_handle(f"{handle.id}-never-was")
    assert await until_answered(lambda: unknown.query(FollowUp.steps, rpc_timeout=SOON)) is None
    await handle.terminate()


async def test_a_group_of_alerts_that_no_worker_answers_for_is_said_to_be_silent(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relance.temporal.repairs.RPC_TIMEOUT", SOON)
    group = f"silent-{uuid4().hex[:8]}"
    restarts = TemporalAlertRestarts(client, AlertPolicy())
    assert await restarts.members(group) is None
    handle = await client.start_workflow(
        Workflow.ALERT,
        AlertInput(group=group, policy=AlertPolicy()),
        id=ids.alert_workflow_id(group),
        task_queue=TaskQueue.OPS,
    )
    with pytest.raises(NobodyAnswers):
        await restarts.members(group)
    await handle.terminate()
    assert await restarts.members(group) is None
