"""What every part of a run shares: the loop, the dice, the trace, the data, the verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, TypeVar

from tests.simulation.chance import Rates
from tests.simulation.memory.store import Store
from tests.simulation.trace import Trace
from tests.simulation.virtual_loop import VirtualLoop

T = TypeVar("T")


class Broken(Exception):
    """An invariant does not hold."""


@dataclass
class World:
    """One run. `over` ends every call that still hangs, so that nothing is left behind."""

    loop: VirtualLoop
    dice: Random
    rates: Rates
    trace: Trace
    store: Store = field(default_factory=Store)
    over: bool = False
    troubled: bool = True
    hanging: set[asyncio.Future[None]] = field(default_factory=set)
    database_down_until: float = 0.0
    relay_down_until: float = 0.0
    broken: asyncio.Future[str] = field(init=False)

    def __post_init__(self) -> None:
        self.broken = self.loop.create_future()

    def now(self) -> datetime:
        """Return the true time."""
        return self.loop.now()

    def chance(self, rate: float) -> bool:
        """Tell whether something of this probability happens now; nothing does once the trouble is over."""
        return rate > 0 and self.troubled and self.dice.random() < rate

    def violated(self, invariant: str, finding: str) -> None:
        """Note that an invariant does not hold; the first finding ends the run."""
        self.trace.event("CHECK", f"{invariant} VIOLATED: {finding}")
        if not self.broken.done():
            self.broken.set_result(f"{invariant}: {finding}")

    async def hang(self) -> None:
        """Never return: what a dead process does."""
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

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something after a while."""
        self.loop.call_later(seconds, call, context=Context())

    def _report(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (problem := task.exception()) is not None and not self.over:
            self.violated("I5", f"{task.get_name()} ended with {problem!r}")
