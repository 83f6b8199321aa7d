"""A workflow whose handlers raise what they are told to."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError


@workflow.defn
class Touchy:
    """Raises what it is told to."""

    def __init__(self) -> None:
        self.done = False

    @workflow.signal
    async def fail_on_purpose(self) -> None:
        raise ApplicationError("on purpose", type="OnPurpose", non_retryable=True)

    @workflow.signal
    async def fail(self) -> None:
        raise KeyError("a bug")

    @workflow.signal
    async def finish(self) -> None:
        self.done = True

    @workflow.update
    async def ask(self, number: int) -> int:
        return 10 // number

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self.done)
        return "done"
