"""Workflows for the tests of the simulated Temporal."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from relance.domain.base import Wire

MINUTE = timedelta(minutes=1)


class Carried(Wire):
    """What a run hands to the next one; `noted` is all that it has been told."""

    noted: tuple[str, ...] = ()


@activity.defn
async def work(number: int) -> int:
    """Return ten times the number."""
    return 10 * number


@workflow.defn
class Child:
    """Waits until it is told to end."""

    def __init__(self) -> None:
        self._over = False

    @workflow.signal
    def end(self) -> None:
        """End."""
        self._over = True

    @workflow.run
    async def run(self, name: str) -> str:
        """Return its name."""
        await workflow.wait_condition(lambda: self._over)
        return name


@workflow.defn
class Steps:
    """Works, waits, hears, works again, and starts a child."""

    @workflow.init
    def __init__(self, request: Carried) -> None:
        self._heard = list(request.noted)
        self._forgotten = 0
        self.log: list[str] = []

    @workflow.signal
    def note(self, word: str) -> None:
        """Hear a word."""
        self._heard.append(word)
        self._forgotten += 1

    @workflow.query
    def said(self) -> list[str]:
        """Return what it has done."""
        return self.log

    @workflow.run
    async def run(self, request: Carried) -> list[str]:
        """Return what it has done, with the instants it believes in."""
        await self._work(1)
        await workflow.sleep(MINUTE)
        self.log.append(f"slept until {workflow.now():%H:%M}")
        await workflow.wait_condition(lambda: bool(self._heard))
        self.log.append(f"heard {','.join(self._heard)} forgotten {self._forgotten}")
        if self._heard[-1] == "again":
            workflow.continue_as_new(Carried(noted=tuple(self._heard[:-1])))
        await self._work(2)
        try:
            child = await workflow.start_child_workflow(
                Child.run, "child", id="child", parent_close_policy=workflow.ParentClosePolicy.TERMINATE
            )
        except WorkflowAlreadyStartedError:
            self.log.append("the child runs already")
            return self.log
        self.log.append(await child)
        return self.log

    async def _work(self, number: int) -> None:
        result = await workflow.execute_activity(
            work, number, start_to_close_timeout=MINUTE, retry_policy=RetryPolicy(maximum_interval=MINUTE)
        )
        self.log.append(f"worked {result}")
