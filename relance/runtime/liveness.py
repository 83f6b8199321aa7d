"""The vital signs of a worker process: does its loop turn, does it reach its servers, does it take work?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from relance.concurrency import in_background

TICK = 0.5
STUCK_AFTER = 10.0
"""Seconds after which a loop that has not turned counts as stuck: a busy one is late by tenths of a second."""


@dataclass
class Liveness:
    """Written by the loop, read by the thread that answers probes; all instants are of the monotonic clock.

    `reached` is when each server answered last; after `lately` seconds without an answer it counts as lost. `polling`
    says whether every queue of this process is asked for work.
    """

    lately: float
    clock: Callable[[], float] = time.monotonic
    reached: dict[str, float] = field(default_factory=dict)
    polling: Callable[[], bool] = lambda: False
    draining: bool = False
    ticked: float = 0.0

    def __post_init__(self) -> None:
        self.ticked = self.clock()

    def answered(self, server: str) -> None:
        """Take that a server has just answered."""
        self.reached[server] = self.clock()

    @property
    def live(self) -> bool:
        """Whether the loop turns."""
        return self.clock() - self.ticked < STUCK_AFTER

    @property
    def missing(self) -> list[str]:
        """What keeps this process from working, as codes; empty when it is ready."""
        lost = [name for name, at in sorted(self.reached.items()) if self.clock() - at > self.lately]
        found = {
            "stuck": not self.live,
            "draining": self.draining,
            "starting": not self.reached,
            "not_polling": bool(self.reached) and not self.draining and not self.polling(),
        }
        return [*(code for code, there in found.items() if there), *(f"lost_{name}" for name in lost)]


@asynccontextmanager
async def ticking(liveness: Liveness) -> AsyncIterator[None]:
    """Note twice a second that the loop turns."""

    async def tick() -> None:
        while True:
            liveness.ticked = liveness.clock()
            await asyncio.sleep(TICK)

    async with in_background(tick()):
        yield
