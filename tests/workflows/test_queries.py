"""A workflow that nobody answers for just now is no error of the command that asks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from relance.temporal.queries import unless_silent
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
