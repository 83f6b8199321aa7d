"""What the worker processes say about themselves: their memory, and the breakers they hold open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from relance.domain.health.probes import ProbeName
from relance.domain.mail.breaker import BreakerState
from relance.ports import Clock
from relance.ports.health import ProbeReading, Workers

WATCHED = ("provider ", "channel ")
"""The relay and Everflow have probes of their own: their breakers would only say the same once more."""


@dataclass(frozen=True, slots=True)
class MemoryProbe:
    """The largest resident set of a worker process that has reported lately."""

    workers: Workers
    clock: Clock
    lately: timedelta
    deadline: float
    name: str = ProbeName.MEMORY

    async def look(self) -> ProbeReading:
        """Return the largest, and whose it is."""
        alive = await self.workers.alive(self.clock.now() - self.lately)
        largest = max(alive, key=lambda process: process.rss_mb, default=None)
        return ProbeReading(largest.rss_mb, "MiB", largest.worker) if largest else ProbeReading(0.0, "MiB", "nobody")


@dataclass(frozen=True, slots=True)
class BreakersProbe:
    """The providers and channels that a worker process has stopped asking."""

    workers: Workers
    clock: Clock
    lately: timedelta
    deadline: float
    name: str = ProbeName.BREAKERS

    async def look(self) -> ProbeReading:
        """Return how many are left alone by some process, and which."""
        alive = await self.workers.alive(self.clock.now() - self.lately)
        open_ = sorted(
            {
                name
                for process in alive
                for name, state in process.breakers.items()
                if state == BreakerState.OPEN and name.startswith(WATCHED)
            }
        )
        return ProbeReading(float(len(open_)), "", ", ".join(open_[:3]))
