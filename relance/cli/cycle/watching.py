"""A cycle while it runs: what the workflow says, what the ledger holds, and a progress bar of both (SPEC C12)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from rich.progress import Progress, TaskID
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from relance.balance import balance_period
from relance.cli.output import Output, cell
from relance.cli.services import Database
from relance.contracts.cycle import CycleProgress, CycleStatistics
from relance.temporal.progress import live_progress

INTERVAL, LONGEST_INTERVAL = 0.5, 2.0
QUERY_TIMEOUT = timedelta(seconds=5)
WINDOW = 20
SAMPLE = 200
PROMPT_S, RESTS = 1.0, 4
"""A count of the ledger that takes longer is not waited for, and begun again after so many times its duration."""

_SILENT = {RPCStatusCode.NOT_FOUND, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.FAILED_PRECONDITION}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a cycle now; `progress` is None when the workflow is gone or no worker answers."""

    progress: CycleProgress | None
    ledger: CycleStatistics
    contacts_per_user: float

    @property
    def settled(self) -> int:
        """How many entries have an outcome."""
        counts = self.ledger
        return counts.sent + self.skipped + self.failed + counts.uncertain + counts.cancelled

    @property
    def skipped(self) -> int:
        """How many were skipped, for whatever reason."""
        return sum(self.ledger.skipped.values())

    @property
    def failed(self) -> int:
        """How many failed, by whatever class."""
        return sum(self.ledger.failed.values())

    @property
    def known(self) -> bool:
        """Whether the database has anything of this period."""
        ledger = self.ledger
        return bool(self.settled or ledger.open or ledger.plans_open or ledger.users_too_late)

    @property
    def expected(self) -> int:
        """An estimate of all outcomes there will be: those there are, and the contacts of the plans still open."""
        ahead = round(self.contacts_per_user * self.ledger.plans_open)
        return self.settled + max(self.ledger.open, ahead)

    @property
    def stage(self) -> str:
        """What the workflow does, in a word or two."""
        if self.progress is None:
            return "no answer from the workflow"
        waves = self.progress.current_waves
        return f"{self.progress.stage}, wave {cell(waves[0])}" if waves else self.progress.stage


@dataclass
class Watch:
    """Watches the cycle of one period."""

    out: Output
    client: Client
    database: Database
    period: str
    _contacts_per_user: float | None = None
    _counting: asyncio.Task[tuple[CycleStatistics, float]] | None = None
    _counted: CycleStatistics | None = None
    _count_at: float = 0.0
    _seen: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=WINDOW))

    async def snapshot(self) -> Snapshot:
        """Ask the workflow and the ledger."""
        return await self._snapshot(patience=None)

    async def _snapshot(self, patience: float | None) -> Snapshot:
        if self._contacts_per_user is None:
            self._contacts_per_user = await self._average()
        progress, ledger = await asyncio.gather(self.progress(), self._ledger(patience))
        return Snapshot(progress, _brought_up(ledger, progress), self._contacts_per_user)

    async def _ledger(self, patience: float | None) -> CycleStatistics:
        """Return the newest count; with patience the one before, if this one takes longer or its time has not come."""
        rests = patience is not None and self._counted is not None and time.monotonic() < self._count_at
        if self._counting is None and not rests:
            self._counting = asyncio.create_task(self._count())
        if self._counting is not None:
            counting = self._counting
            await asyncio.wait({counting}, timeout=patience if self._counted is not None else None)
            if counting.done():
                self._counting = None
                self._counted, took = counting.result()
                self._count_at = time.monotonic() + (RESTS * took if took > PROMPT_S else 0.0)
        assert self._counted is not None
        return self._counted

    async def _count(self) -> tuple[CycleStatistics, float]:
        began = time.monotonic()
        counted = await balance_period(self.database.ledger, self.database.plans, self.period)
        return counted, time.monotonic() - began

    async def _average(self) -> float:
        """Return the contacts per user among the first users: enough for a progress bar."""
        async for page in self.database.users.pages(size=SAMPLE):
            sizes = await self.database.contacts.sizes([user.id for user in page.items])
            return sum(min(one, self.database.contacts.per_user) for one in sizes.values()) / max(1, len(page.items))
        return 0.0

    async def progress(self) -> CycleProgress | None:
        """Ask the workflows alone, not the ledger; None when the cycle is gone or no worker answers in time."""
        try:
            return await live_progress(self.client, self.period)
        except WorkflowQueryFailedError:
            return None
        except RPCError as error:
            if error.status not in _SILENT:
                raise
            return None

    async def until_done(self, handle: WorkflowHandle[object, CycleStatistics]) -> CycleStatistics:
        """Show a progress bar until the workflow has ended and return its result."""
        ended = asyncio.ensure_future(handle.result())
        await self.show_until(ended)
        return await ended

    async def show_until(self, ended: asyncio.Future[Any]) -> None:
        """Show a progress bar until the future is done."""
        with self.out.progress() as bar:
            task = bar.add_task(self.period, total=None, detail="")
            while not ended.done():
                began = time.monotonic()
                self.draw(bar, task, await self._snapshot(patience=PROMPT_S))
                # A look at a large ledger may cost a while; it must not become a load of its own.
                pause = max(INTERVAL, 2 * (time.monotonic() - began))
                await asyncio.wait([ended], timeout=min(pause, LONGEST_INTERVAL))
            self.draw(bar, task, await self.snapshot())

    def draw(self, bar: Progress, task: TaskID, now: Snapshot) -> None:
        """Bring a bar up to date."""
        self._seen.append((time.monotonic(), now.settled))
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        rate = (after - before) / (last - first) if last > first else 0.0
        # Rich's own estimate starts anew whenever the total changes, and this one is itself an estimate.
        left = timedelta(seconds=round((now.expected - now.settled) / rate)) if rate else "-"
        detail = (
            f"{now.ledger.sent} sent, {now.skipped} skipped, {now.failed} failed, {now.ledger.open} open · "
            f"{rate:.0f}/s, {left} left · {now.stage}"
        )
        bar.update(task, completed=now.settled, total=now.expected or None, detail=detail)


def _brought_up(ledger: CycleStatistics, progress: CycleProgress | None) -> CycleStatistics:
    """Return a count that may be old with what the workflow says was sent since."""
    since = max(0, progress.counts.sent - ledger.sent) if progress is not None else 0
    return ledger.model_copy(update={"sent": ledger.sent + since, "open": max(0, ledger.open - since)})
