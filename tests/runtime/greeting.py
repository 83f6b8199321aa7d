"""A workflow with one activity, to have something to measure and trace."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity, workflow


@activity.defn
async def greet() -> str:
    return "hello"


@workflow.defn
class Greet:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(greet, start_to_close_timeout=timedelta(seconds=10))
