"""A cycle while it runs: a line with what the workflow says and the ledger holds, until the cycle ends (SPEC C12)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from relance.cli.base.line import ProgressLine
from relance.cli.base.live_line import LiveLine
from relance.cli.base.output import Output
from relance.cli.base.resources import Repositories
from relance.cli.base.waiting import goes_on
from relance.cli.cycle.snapshot import state_words, wave_words
from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleProgress, CycleStatistics
from relance.errors import DependencyUnavailable
from relance.services.cycle_snapshot import PROMPT_S, LedgerCounts, Snapshot, brought_up
from relance.temporal.progress import live_progress
from relance.temporal.queries import unless_silent

INTERVAL, LONGEST_INTERVAL = 0.5, 2.0
AGAIN_S = 1.0
WINDOW = 20

T = TypeVar("T")


@dataclass
class Watch:
    """Watches the cycle of one period."""

    out: Output
    client: Client
    database: Repositories
    period: str
    _seen: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _last: Snapshot | None = None

    def __post_init__(self) -> None:
        self._counts = LedgerCounts(self.database, self.period)

    async def snapshot(self) -> Snapshot:
        """Ask the workflow and the ledger."""
        found = await self._snapshot(None)
        assert found is not None, "it was waited for"
        return found

    async def _snapshot(self, patience: float | None) -> Snapshot | None:
        progress, ledger, control = await asyncio.gather(
            self.progress(), self._counts.newest(patience), self._control(patience)
        )
        if ledger is None:
            return None
        ledger = brought_up(ledger, progress)
        found = Snapshot(progress, ledger, control, 0)
        total = max(self._counts.total, found.settled + ledger.open)
        return Snapshot(progress, ledger, control, total)

    async def _control(self, patience: float | None) -> ControlChange:
        asking = asyncio.ensure_future(self.database.controls.get(self.period))
        done, _ = await asyncio.wait({asking}, timeout=patience)
        if done:
            return ControlChange.of(asking.result())
        asking.cancel()
        return self._last.control if self._last is not None else ControlChange()

    async def progress(self) -> CycleProgress | None:
        """Ask the workflows alone, not the ledger; None when the cycle is gone or no worker answers in time."""
        return await unless_silent(live_progress(self.client, self.period))

    async def until_done(self, handle: WorkflowHandle[object, CycleStatistics]) -> CycleStatistics:
        """Show a line until the workflow has ended and return its result; a server that is away ends nothing."""
        ended = asyncio.ensure_future(self.persist(handle.result))
        try:
            with goes_on(self.out, f"The cycle goes on; to watch it again: `cycle status {self.period} --watch`"):
                await self.show_until(ended)
                return await ended
        finally:
            ended.cancel()

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
                self._last = await self.persist(self.snapshot)
                shown.show(self._drawn(self._last))

    async def _line(self) -> ProgressLine:
        trouble = ""
        try:
            found = await self._snapshot(PROMPT_S)
        except DependencyUnavailable as error:
            found, trouble = None, f"{error.dependency} does not answer, trying again"
        except RPCError:
            found, trouble = None, "Temporal does not answer, trying again"
        if (overdue := self._counts.overdue) is not None:
            trouble = f"MongoDB has not answered for {overdue:.0f} s, trying again"
        if found is not None:
            self._last = found
        if self._last is None:
            return ProgressLine(self.period, 0, None, [trouble or "counting the ledger"])
        return self._drawn(self._last, trouble)

    def _drawn(self, now: Snapshot, trouble: str = "") -> ProgressLine:
        if trouble or now.control.stops:
            # What follows is measured anew.
            self._seen.clear()
        self._seen.append((time.monotonic(), now.settled))
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        rate = (after - before) / (last - first) if last > first else 0.0
        if trouble or not now.sends:
            rate = 0.0
        left = timedelta(seconds=round((now.total - now.settled) / rate)) if rate and now.total > now.settled else None
        details = [
            trouble or state_words(now),
            f"{left} left" if left is not None else "",
            f"{now.failed} failed" if now.failed else "",
            f"{rate:.0f}/s" if rate else "",
            f"{now.ledger.sent} sent",
            f"{now.skipped} skipped" if now.skipped else "",
            f"{now.ledger.open} open" if now.ledger.open else "",
            f"{now.ledger.uncertain} uncertain" if now.ledger.uncertain else "",
            wave_words(now),
        ]
        return ProgressLine(self.period, now.settled, now.total or None, details)
