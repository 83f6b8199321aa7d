"""What every part of a run shares: the loop, the dice, the trace, the data, the verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from relance.domain.invitations.bounds import Bounds
from relance.domain.invitations.reminders import DEFAULT_TIMING, ReminderTiming
from tests.simulation.chance import Rates
from tests.simulation.memory.store import Store
from tests.simulation.trace import Trace
from tests.simulation.virtual_loop import VirtualLoop


class Process:
    """A process of the simulated machines; `in_flight` are its requests that no server has seen yet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.in_flight: list[Callable[[], object]] = []

    def kill(self) -> None:
        """End it at once."""
        self.alive = False


_PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


def context_of(process: Process | None = None) -> Context:
    """Return a new context, for what runs in a process or on a server."""
    context = Context()
    context.run(_PROCESS.set, process)
    return context


class Broken(Exception):
    """An invariant does not hold."""


BOUNDS = Bounds(contacts_per_user=4, users_per_mailbox=1)
"""So small that a few people meet them."""


@dataclass
class World:
    """One run. `over` ends every call that still hangs, so that nothing is left behind."""

    loop: VirtualLoop
    dice: Random
    rates: Rates
    trace: Trace
    timing: ReminderTiming = DEFAULT_TIMING
    bounds: Bounds = BOUNDS
    store: Store = field(default_factory=Store)
    over: bool = False
    troubled: bool = True
    hanging: set[asyncio.Future[None]] = field(default_factory=set)
    database_down_until: float = 0.0
    relay_down_until: float = 0.0
    server_down_until: float = 0.0
    workers_down_until: float = 0.0
    broken: asyncio.Future[str] = field(init=False)

    def __post_init__(self) -> None:
        self.broken = self.loop.create_future()
        self.loop.is_frozen = self._is_frozen

    def now(self) -> datetime:
        """Return the true time."""
        return self.loop.now()

    @property
    def server_is_up(self) -> bool:
        """Whether Temporal answers."""
        return self.loop.time() >= self.server_down_until

    @property
    def all_up_at(self) -> float:
        """The end of the last outage that is known of, on the loop's clock."""
        return max(self.database_down_until, self.relay_down_until, self.server_down_until, self.workers_down_until)

    def chance(self, rate: float) -> bool:
        """Tell whether something of this probability happens now; nothing does once the trouble is over."""
        return rate > 0 and self.troubled and self.dice.random() < rate

    def violated(self, invariant: str, finding: str) -> None:
        """Note that an invariant does not hold; the first finding ends the run."""
        self.trace.event("CHECK", f"{invariant} VIOLATED: {finding}")
        if not self.broken.done() and not self.over:
            self.broken.set_result(f"{invariant}: {finding}")

    def died(self, process: Process) -> None:
        """Stop everything in a process; a request that is on its way may arrive all the same."""
        self.loop.freeze()
        for request in process.in_flight:
            if self.dice.random() < 0.5:
                self.later(self.dice.uniform(0.0, 0.5), request)
        process.in_flight.clear()

    async def way(self, process: Process, seconds: float, request: Callable[[], object]) -> None:
        """Take a request to a server."""
        process.in_flight.append(request)
        try:
            await asyncio.sleep(seconds)
        finally:
            if request in process.in_flight:
                process.in_flight.remove(request)

    def delay(self, process: Process, most: float) -> float:
        """Return how long a call takes one way: rarely very long."""
        if self.chance(self.rates.slow):
            self.trace.fault(process.name, "slow")
            return self.dice.uniform(1.0, 45.0)
        return self.dice.uniform(most / 40, most)

    def _is_frozen(self, context: Context) -> bool:
        process = context.get(_PROCESS)
        return process is not None and not process.alive and not self.over

    async def hang(self) -> None:
        """Never return."""
        future: asyncio.Future[None] = self.loop.create_future()
        self.hanging.add(future)
        if self.over:
            future.cancel()
        await future

    def spawn(self, work: Any, *, name: str | None = None) -> asyncio.Task[Any]:
        """Run a coroutine in a context of its own; what it raises is a violation."""
        task = self.loop.create_task(work, name=name, context=Context())
        task.add_done_callback(self._report)
        return task

    def later(self, seconds: float, call: Callable[[], object]) -> None:
        """Call something after a while."""
        self.loop.call_later(seconds, call, context=Context())

    def _report(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (problem := task.exception()) is not None and not self.over:
            self.violated("I5", f"{task.get_name()} ended with {problem!r}")
