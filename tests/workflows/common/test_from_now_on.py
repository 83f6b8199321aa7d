"""A run that began before a patch and met its place twice: the old way once, the new way from then on."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from workflows.common.from_now_on import FromNowOn


@workflow.defn(name="Aging")
class Before:
    def __init__(self) -> None:
        self.met: list[str] = []

    @workflow.signal
    def meet(self) -> None:
        self.met.append("old")

    @workflow.query
    def count(self) -> int:
        return len(self.met)

    @workflow.run
    async def run(self, times: int) -> list[str]:
        for meeting in range(times):
            await workflow.wait_condition(lambda: len(self.met) > meeting)  # noqa: B023 - waited for here
            await workflow.sleep(timedelta(milliseconds=1))
        return self.met


@workflow.defn(name="Aging")
class After(Before):
    def __init__(self) -> None:
        super().__init__()
        self.patch = FromNowOn("new-way")

    @workflow.signal
    def meet(self) -> None:
        self.met.append("new" if self.patch.holds() else "old")

    @workflow.run
    async def run(self, times: int) -> list[str]:
        return await super().run(times)


async def test_the_new_way_begins_in_the_middle_of_a_run(client: Client) -> None:
    queue, times = f"aging-{uuid4()}", 5
    handle = await client.start_workflow(Before.run, times, id=queue, task_queue=queue)

    async def meets(code: type, count: int, after: int) -> None:
        runner = UnsandboxedWorkflowRunner()
        # Without a cache every task is a replay of all that came before.
        async with Worker(client, task_queue=queue, workflows=[code], workflow_runner=runner, max_cached_workflows=0):
            for _ in range(count):
                await handle.signal("meet")
            while await handle.query("count") < after:
                await asyncio.sleep(0.05)
            if after == times:
                assert await handle.result() == ["old", "old", "new", "new", "new"]

    await meets(Before, 2, 2)
    await meets(After, 1, 3)
    await meets(After, 2, 5)
    history = await handle.fetch_history()
    markers = [event for event in history.events if event.HasField("marker_recorded_event_attributes")]
    assert len(markers) == 1
    await Replayer(workflows=[After], workflow_runner=UnsandboxedWorkflowRunner()).replay_workflow(history)
