"""A cycle while it runs: a line with what the workflow says and the ledger holds, until the cycle ends (SPEC C12)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from relance.cli.base.line import ProgressLine
from relance.cli.base.live_line import LiveLine
from relance.cli.base.output import Output
from relance.cli.base.resources import Repositories
from relance.cli.base.waiting import goes_on
from relance.cli.cycle.snapshot import state_words, wave_words
from relance.contracts.cycle import CycleProgress, CycleStatistics
from relance.errors import DependencyUnavailable
from relance.services.cycle_snapshot import PROMPT_S, Snapshot
from relance.services.cycle_statistics import balance_period
from relance.services.cycle_watching import CycleWatcher, Pace
from relance.temporal.progress import live_progress
from relance.temporal.queries import unless_silent

INTERVAL, LONGEST_INTERVAL = 0.5, 2.0
AGAIN_S = 1.0

T = TypeVar("T")


@dataclass
class Watch:
    """Shows the cycle of one period."""

    out: Output
    client: Client
    database: Repositories
    period: str
    _last: Snapshot | None = None

    def __post_init__(self) -> None:
        self._watcher = CycleWatcher(self.database, self.period, self.progress)

    async def snapshot(self) -> Snapshot:
        """Ask the workflow and the ledger, however long the ledger takes."""
        now, _ = await self._look()
        return now

    async def _look(self) -> tuple[Snapshot, Pace]:
        found = await self._watcher.look(None)
        assert found is not None, "it was waited for"
        return found

    async def progress(self, period: str) -> CycleProgress | None:
        """Ask the workflows alone, not the ledger; None when the cycle is gone or no worker answers in time."""
        return await unless_silent(live_progress(self.client, period))

    async def until_done(self, handle: WorkflowHandle[object, CycleStatistics]) -> CycleStatistics:
        """Show a line until the workflow has ended and return its result; a server that is away ends nothing."""
        return await self._shown(self.persist(handle.result))

    async def until_sent(self, handle: WorkflowHandle[object, CycleStatistics], due: datetime) -> CycleStatistics:
        """Show a line until each mail that was due at an instant has an outcome, and return the balance of then.

        The workflow of a month that is not over goes on; should it end before, its result is returned.
        """
        return await self._shown(self._sent_or_ended(handle, due))

    async def _shown(self, waiting: Coroutine[Any, Any, CycleStatistics]) -> CycleStatistics:
        ended = asyncio.ensure_future(waiting)
        try:
            with goes_on(self.out, f"The cycle goes on; to watch it again: `cycle status {self.period} --watch`"):
                await self.show_until(ended)
                return await ended
        finally:
            ended.cancel()

    async def _sent_or_ended(self, handle: WorkflowHandle[object, CycleStatistics], due: datetime) -> CycleStatistics:
        ended = asyncio.ensure_future(self.persist(handle.result))
        try:
            while not ended.done():
                if (balanced := await self.persist(lambda: self._sent(due))) is not None:
                    return balanced
                await asyncio.wait([ended], timeout=LONGEST_INTERVAL)
            return await ended
        finally:
            ended.cancel()

    async def _sent(self, due: datetime) -> CycleStatistics | None:
        plans = self.database.plans
        wave = await plans.next_instant(self.period)
        if wave is not None and wave[0] <= due:
            return None
        progress = await self.progress(self.period)
        balanced = await balance_period(self.database.ledger, plans, self.period, progress)
        return balanced if balanced.open == 0 else None

    async def persist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what a call returns, however long a server is away."""
        while True:
            try:
                return await call()
            except (DependencyUnavailable, RPCError) as error:
                if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
                    raise
                await asyncio.sleep(AGAIN_S)

    async def show_until(self, ended: asyncio.Future[Any]) -> None:
        """Show a line until the future is done."""
        with self.out.pulse.resting(), LiveLine(self.out.shown) as shown:
            while not ended.done():
                began = time.monotonic()
                shown.show(await self._line())
                # A look at a large ledger may cost a while; it must not become a load of its own.
                pause = max(INTERVAL, 2 * (time.monotonic() - began))
                await asyncio.wait([ended], timeout=min(pause, LONGEST_INTERVAL))
            if not ended.cancelled() and ended.exception() is None:
                shown.show(self._drawn(*await self.persist(self._look)))

    async def _line(self) -> ProgressLine:
        trouble, pace = "", Pace()
        try:
            if (found := await self._watcher.look(PROMPT_S)) is not None:
                self._last, pace = found
        except DependencyUnavailable as error:
            trouble = f"{error.dependency} does not answer, trying again"
        except RPCError:
            trouble = "Temporal does not answer, trying again"
        if (overdue := self._watcher.overdue) is not None:
            trouble = f"MongoDB has not answered for {overdue:.0f} s, trying again"
        if self._last is None:
            return ProgressLine(self.period, 0, None, [trouble or "counting the ledger"])
        return self._drawn(self._last, pace, trouble)

    def _drawn(self, now: Snapshot, pace: Pace, trouble: str = "") -> ProgressLine:
        details = [
            trouble or state_words(now),
            f"{pace.left} left" if pace.left is not None else "",
            f"{now.failed} failed" if now.failed else "",
            f"{pace.rate:.0f}/s" if pace.rate else "",
            f"{now.ledger.sent} sent",
            f"{now.skipped} skipped" if now.skipped else "",
            f"{now.ledger.open} open" if now.ledger.open else "",
            f"{now.ledger.uncertain} uncertain" if now.ledger.uncertain else "",
            wave_words(now),
        ]
        return ProgressLine(self.period, now.settled, now.total or None, details)
