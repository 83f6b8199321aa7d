"""Does work wait for long, and is there somebody to do it?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from relance.contracts.names import TaskQueue
from relance.domain.health.probes import ProbeName
from relance.ports import Clock
from relance.ports.health import ProbeReading
from relance.temporal.errors import unavailable
from relance.temporal.task_queues import QueueState, queue_state


@dataclass(frozen=True, slots=True)
class QueuesProbe:
    """How long the oldest task of any queue has waited."""

    client: Client
    clock: Clock
    deadline: float
    name: str = ProbeName.QUEUES

    async def look(self) -> ProbeReading:
        """Return the age, in which queue, and how many tasks wait there."""
        states = await _states(self.client, self.clock, timedelta(0))
        oldest = max(states, key=lambda state: state.oldest)
        waiting = f"{oldest.queue} ({oldest.waiting})" if oldest.waiting else ""
        return ProbeReading(oldest.oldest.total_seconds(), "s", waiting)


@dataclass(frozen=True, slots=True)
class WorkersProbe:
    """Which queues nobody asks for work; a worker counts as long as it polls."""

    client: Client
    clock: Clock
    within: timedelta
    deadline: float
    name: str = ProbeName.WORKERS

    async def look(self) -> ProbeReading:
        """Return how many queues, and which."""
        states = await _states(self.client, self.clock, self.within)
        lonely = [str(state.queue) for state in states if not state.pollers]
        return ProbeReading(float(len(lonely)), "", ", ".join(lonely))


async def _states(client: Client, clock: Clock, within: timedelta) -> list[QueueState]:
    since = clock.now() - within
    try:
        return [await queue_state(client, queue, since) for queue in TaskQueue]
    except RPCError as error:
        raise unavailable("a task queue could not be described", error) from None
