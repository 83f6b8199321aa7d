"""The error gate of the cycles this process sends for, as all processes share it (SPEC C10).

Results are written to the database together: at once when a mail failed or a sender waits for the canary, else twice a
second. No mail costs a round trip of its own once the canary is over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeAlias

from relance.domain.cycle.control import Control
from relance.domain.cycle.error_gate import (
    Asking,
    GatePolicy,
    GateReport,
    GateState,
    Trip,
    advanced,
    counts_as_failed,
    is_own_fault,
    stretch_id,
)
from relance.domain.failures import Failure
from relance.errors import DependencyUnavailable
from relance.ports import Clock, Deferred, ErrorGates, Failed, Result, Sent
from relance.sending.rest_gate import RestGate

LOOK_EVERY = 0.5
"""Seconds after which results are written at the latest, and after which those of others are read during the canary."""
GONE_AFTER = 15.0
"""Seconds without a word after which what a process was granted of the canary is granted again."""
AHEAD = 4
"""Mails asked for at once by each connection that waits: a process need not ask before every mail."""
RACES = 50
"""Each lost race means that another process has written its results."""

logger = logging.getLogger(__name__)

Pull: TypeAlias = Callable[[str, Trip], Awaitable[None]]
"""Pauses a period's cycle and notifies people; safe to be repeated."""


@dataclass(frozen=True, slots=True)
class GateParts:
    """What the gates of a process work with; `process` names it among those of a cycle."""

    policy: GatePolicy
    store: ErrorGates
    pull: Pull
    process: str
    clock: Clock


class PeriodGate:
    """Counts the results of one stretch of a cycle; one that closes pauses it without waiting for its batches."""

    def __init__(self, control: Control, parts: GateParts) -> None:
        self._period = control.id
        self._policy = parts.policy
        self._parts = parts
        self._state = GateState(id=stretch_id(control))
        self._report = GateReport()
        self._under_way = self._granted = self._waiting = self._beat = 0
        self._granted_until = 0.0
        self._refused = False
        # What each other process said last, and when this one heard of it.
        self._heard: dict[str, tuple[int, float]] = {}
        self._trip: Trip | None = None
        self._writing = asyncio.Lock()
        self._wake, self._news = asyncio.Event(), asyncio.Event()
        self._users = 0
        self._keeping: asyncio.Task[None] | None = None
        self._pulling: asyncio.Task[None] | None = None

    @property
    def closed(self) -> bool:
        """Whether errors have stopped the cycle."""
        return self._trip is not None

    @property
    def canary_over(self) -> bool:
        """Whether this process knows that mails need not wait any more."""
        return self._state.is_open(self._policy)

    def admit(self) -> bool:
        """Return whether a mail may be claimed now."""
        if self.closed:
            return False
        if not self.canary_over:
            if not self._granted or asyncio.get_running_loop().time() > self._granted_until:
                return False
            self._granted -= 1
        self._under_way += 1
        return True

    async def acquire(self, stop: Callable[[], bool]) -> bool:
        """Wait to be admitted; return False when `stop()` says so before."""
        self._waiting += 1
        try:
            while not stop():
                if self.admit():
                    return True
                self._news.clear()
                # Refused once, it asks again with the next look: results end the canary, not questions.
                if not self._refused:
                    self._wake.set()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._news.wait()
            return False
        finally:
            self._waiting -= 1

    def release(self) -> None:
        """Say that what was admitted was not sent."""
        self._under_way -= 1
        if not self.canary_over:
            self._granted += 1
        self._news.set()

    def note(self, user: str, result: Result, *, again: bool = False) -> None:
        """Say what became of a user's mail; `again`: it had been tried before."""
        self._under_way -= 1
        if not self._policy.size:
            return
        failed = isinstance(result, Failed) and counts_as_failed(result.failure, again=again)
        decided = isinstance(result, Sent) or failed
        self._report = self._report.then(
            GateReport(known=1, results=int(decided), failed=((user, 1),) if failed else ())
        )
        if isinstance(result, Deferred | Failed):
            self.refused_us(result.failure)
        ends_canary = self._waiting and self._state.known + self._report.known >= self._policy.canary
        if failed or ends_canary:
            self._wake.set()

    def refused_us(self, failure: Failure) -> None:
        """Say why a connection failed: what is certainly our own fault closes the gate at once."""
        if self._policy.size and is_own_fault(failure):
            self._close(Trip(failed=0, results=0, fault=failure.code, remedy=failure.remedy))

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Write results for as long as any task of the process is in such a block."""
        self._users += 1
        if self._keeping is None and self._policy.size:
            self._keeping = asyncio.create_task(self._keep_writing())
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                # The last task writes what is left. While others send, the next write includes it.
                self._wake.set()

    async def stopped(self) -> None:
        """Write the rest; return when the cycle is paused, if the gate has closed.

        Raises:
            DependencyUnavailable: it could not be; this may be asked again.
        """
        unused = self._users <= 1 and self._granted > 0 and not self.canary_over
        if unused:
            self._granted = 0
        await self._notify(anew=unused)
        if self._trip is None:
            return
        if self._pulling is None or (self._pulling.done() and self._pulling.exception() is not None):
            self._pulling = asyncio.ensure_future(_run(self._parts.pull(self._period, self._trip)))
        await asyncio.shield(self._pulling)

    async def _keep_writing(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._wake.wait()
            self._wake.clear()
            try:
                # While the canary lasts others have to hear that this process is there.
                await self._notify(anew=self._users > 0 and not self.canary_over)
            except DependencyUnavailable:
                # Without the database no mail can be claimed either.
                logger.warning("the results of a cycle could not be told")
                await asyncio.sleep(LOOK_EVERY)
            if not self._users:
                self._keeping = None
                return

    async def _notify(self, *, anew: bool = False) -> None:
        """Write the results since the last write, and take what is granted; `anew`: also without new results."""
        async with self._writing:
            if not (anew or self._report.known) or not self._policy.size:
                return
            report, self._report = self._report, GateReport()
            try:
                await self._advance(report)
            except BaseException:
                # Also when it is cancelled: what was not written is written the next time.
                self._report = report.then(self._report)
                raise
        if self._state.trip is not None:
            self._close(self._state.trip)
        self._news.set()

    async def _advance(self, report: GateReport) -> None:
        self._beat += 1
        begun = asyncio.get_running_loop().time()
        for race in range(RACES):
            if race or not self._state.version:
                self._state = await self._parts.store.get(self._state.id)
            # What was noted meanwhile is written the next time.
            mails = self._under_way + self._granted + self._report.known
            asking = Asking(self._parts.process, self._beat, mails, max(0, self._waiting * AHEAD - self._granted))
            new, granted = advanced(self._state, report, asking, self._gone(), self._policy)
            if await self._parts.store.replace(new.model_copy(update={"at": self._parts.clock.now()})):
                self._state = new
                self._granted += granted
                self._refused = asking.wants > 0 and not granted
                # Before the others take this process for gone.
                self._granted_until = begun + GONE_AFTER / 2
                return
        raise DependencyUnavailable("MongoDB", "the state of the error gate keeps changing")

    def _gone(self) -> set[str]:
        now = asyncio.get_running_loop().time()
        heard = {attempt.process: (attempt.beat, now) for attempt in self._state.under_way}
        same = {name: self._heard[name] for name, (beat, _) in heard.items() if self._heard.get(name, (0,))[0] == beat}
        self._heard = {**heard, **same}
        return {name for name, (_, since) in self._heard.items() if now - since > GONE_AFTER}

    def _close(self, trip: Trip) -> None:
        self._trip = self._trip or trip
        self._news.set()
        if self._pulling is None:
            self._pulling = asyncio.ensure_future(_run(self._parts.pull(self._period, self._trip)))


class Gates:
    """The gates of a process; a resumed cycle gets a new gate.

    `rest` is for what still goes out after a person has ended a cycle: nothing of it can be paused.
    """

    def __init__(self, policy: GatePolicy, store: ErrorGates, pull: Pull, process: str, clock: Clock) -> None:
        self._parts = GateParts(policy, store, pull, process, clock)
        self._gates: dict[str, tuple[Control, PeriodGate]] = {}
        self.rest = RestGate(active=policy.size > 0)

    def of(self, control: Control) -> PeriodGate:
        """Return the gate of the current stretch of a cycle."""
        known = self._gates.get(control.id)
        if known is None or known[0] != control:
            known = self._gates[control.id] = control, PeriodGate(control, self._parts)
        return known[1]


async def _run(pulled: Awaitable[None]) -> None:
    await pulled
