"""The control of a running cycle as its workflows know it: by signal, and by asking the database (SPEC C11)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow

from workflows.common.from_now_on import FromNowOn
from workflows.common.options import LOOK_UP

with workflow.unsafe.imports_passed_through():
    from activities.cycle_control import Controlling
    from relance.contracts.control import ControlChange
    from relance.contracts.names import TaskQueue
    from workflows.common import signal_checks

ASK_EVERY = timedelta(hours=1)
"""The process that resumes a cycle may die between the database and the signal, so a paused wave asks again."""


class Orders:
    """Holds the newest control, as the database has it.

    It asks when a signal says that something was decided, when a batch came back stopped, and while paused. `show` is
    called when a signal has led to an answer.
    """

    def __init__(self, period: str, control: ControlChange, show: Callable[[], None]) -> None:
        self._period = period
        self._show = show
        self._asking = False
        self._heard = False
        self._look_up: asyncio.Task[None] | None = None
        self._asks_on_signals = FromNowOn("orders-looked-up")
        self.control = control

    @property
    def paused(self) -> bool:
        """Whether nothing may be begun for now."""
        return self.control.paused

    @property
    def over(self) -> bool:
        """Whether nothing will be begun any more."""
        return self.control.state.final

    @property
    def looks_up(self) -> bool:
        """Whether a signal has been heard whose answer is still to come: nobody would ask for it in another run."""
        return self._look_up is not None and not self._look_up.done()

    def hear(self, change: ControlChange) -> None:
        """Take that something was decided: what it is, the database says, because anybody may send a signal."""
        if self._asks_on_signals.holds():
            self._heard = True
            if not self.looks_up:
                self._look_up = asyncio.create_task(self._ask_until_quiet())
        else:
            self._believe(change)

    async def _ask_until_quiet(self) -> None:
        while self._heard:
            self._heard = False
            await self.ask()
        self._show()

    def _believe(self, change: ControlChange) -> None:
        """Take what was said, unless something later is known; what claims to come from the future is said now."""
        change = signal_checks.control(change)
        if signal_checks.is_ahead(change, workflow.now()) and workflow.patched("orders-from-the-future"):
            change = change.model_copy(update={"at": workflow.now()})
        if change.newer_than(self.control):
            self.control = change

    async def ask(self) -> None:
        """Ask the database: unless something is heard meanwhile, its answer holds, also against a later signal.

        Every control is stored there before it is signalled. A control that is not stored was never decided.
        """
        before = self.control
        answer = signal_checks.control(
            await workflow.execute_activity_method(
                Controlling.look_up_control,
                self._period,
                task_queue=TaskQueue.INVITATIONS,
                summary="look up whether the cycle may go on",
                **LOOK_UP,
            )
        )
        if self.control is before and _contradicts(answer, before) and workflow.patched("database-is-right"):
            self.control = answer
        else:
            self._believe(answer)

    async def while_paused(self) -> None:
        """Wait until the cycle goes on or is over; one of those who wait asks now and then, for all."""
        while self.paused:
            if self._asking:
                await workflow.wait_condition(lambda: not (self.paused and self._asking))
                continue
            self._asking = True
            try:
                await workflow.wait_condition(
                    lambda: not self.paused, timeout=ASK_EVERY, timeout_summary=f"{self.control.words}; asks again"
                )
            except TimeoutError:
                await self.ask()
            finally:
                self._asking = False


def _contradicts(answer: ControlChange, expected: ControlChange) -> bool:
    return answer.state is not expected.state and not answer.newer_than(expected)
