"""Whoever ends a pause has the follow-ups woken from the first user on, whatever runs already (SPEC C11)."""

from __future__ import annotations

import asyncio

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus

from relance import ids
from relance.contracts.waking import WakeInput, WakeResult
from relance.temporal.cycles import TemporalCycles
from relance.temporal.follow_up_watch import TemporalFollowUpWatch
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve

PERIOD = "2027-01"


async def test_a_second_resume_begins_anew(client: Client, serving: Serve) -> None:
    begun: list[WakeInput] = []
    go_on = asyncio.Event()

    @activity.defn(name="wake_held")
    async def wake_held(request: WakeInput) -> WakeResult:
        begun.append(request)
        if len(begun) == 1:
            await go_on.wait()
        return WakeResult(users=len(begun))

    async def one_more(count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(begun) < count:
                await asyncio.sleep(0.05)

    cycles = TemporalCycles(client)
    handle = client.get_workflow_handle(ids.wake_workflow_id(PERIOD), result_type=WakeResult)
    async with serving([wake_held]):
        await cycles.wake_follow_ups(PERIOD)
        await one_more(1)
        first = (await handle.describe()).run_id
        await cycles.wake_follow_ups(PERIOD)
        await one_more(2)
        assert (await handle.result()).users == 2
        go_on.set()
        ended = await client.get_workflow_handle(handle.id, run_id=first).describe()
        assert ended.status is WorkflowExecutionStatus.TERMINATED
        # Over, it can be started again.
        await cycles.wake_follow_ups(PERIOD)
        await one_more(3)
        await handle.result()
    assert begun == [WakeInput(period=PERIOD)] * 3


async def test_a_follow_up_that_does_not_run_cannot_be_woken(client: Client) -> None:
    assert not await TemporalFollowUpWatch(client).wake(ids.follow_up_workflow_id(PERIOD, "nobody"))
