"""Worker processes: the real activities over the real repositories, each with its own clock and its own connections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from relance.contracts.cycle import CycleOptions
from relance.contracts.names import TaskQueue
from relance.domain.cycle.error_gate import GatePolicy
from relance.ports import ClaimAnswer, ClaimRequest, Ledger, Settlement
from tests.simulation.composition import Parts, activities_of
from tests.simulation.faulty_link import FaultyLink
from tests.simulation.memory.database import open_memory
from tests.simulation.relay import Relay, SimulatedMailer
from tests.simulation.temporal.client import simulated_client
from tests.simulation.temporal.server import Workflows
from tests.simulation.world import Process, World

if TYPE_CHECKING:
    from tests.simulation.temporal.cluster import Attempt


@dataclass(frozen=True, slots=True)
class SkewedClock:
    """A clock that is off."""

    world: World
    off: timedelta

    def now(self) -> datetime:
        return self.world.now() + self.off


class WatchedLedger:
    """The ledger, with a look at each claim as it is asked for."""

    def __init__(self, ledger: Ledger, watch: Callable[[ClaimRequest], None]) -> None:
        self._ledger = ledger
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def exchange(self, settle: Settlement | None, claim: ClaimRequest | None) -> ClaimAnswer | None:
        if claim is not None:
            self._watch(claim)
        return await self._ledger.exchange(settle, claim)


class WorkerProcess(Process):
    """One process: dies at once or drains; `attempts` are what it works at."""

    def __init__(
        self,
        world: World,
        number: int,
        relay: Relay,
        workflows: Workflows,
        watch: Callable[[WorkerProcess, ClaimRequest], None],
        options: CycleOptions,
    ) -> None:
        super().__init__(f"worker-{number}")
        self.world = world
        self.draining = False
        self.attempts: dict[int, Attempt] = {}
        self.on_killed: Callable[[WorkerProcess], None] = lambda _: None
        skew = world.dice.uniform(-world.rates.skew_minutes, world.rates.skew_minutes)
        self.mailer = SimulatedMailer(relay, self, world.dice.randint(1, 4), paced=world.dice.random() < 0.2)
        data = open_memory(world.store, FaultyLink(world, self), timing=world.timing, bounds=world.bounds)
        ledger: Any = WatchedLedger(data.ledger, lambda claim: watch(self, claim))
        parts = Parts(
            data=data,
            ledger=ledger,
            mailer=self.mailer,
            client=simulated_client(workflows, self),
            clock=SkewedClock(world, timedelta(minutes=skew)),
            gate=GatePolicy(canary=world.dice.choice((0, 2, 5)), size=20, share=Decimal("0.4")),
            relay_log=relay.log,
            options=options,
            timing=world.timing,
            process=self.name,
            # Some are set up so that one can go back to earlier versions.
            follow_up_queue=TaskQueue.MAIL if number % 4 else TaskQueue.INVITATIONS,
        )
        self.activities = activities_of(parts)

    @property
    def takes_work(self) -> bool:
        """Whether it asks for tasks."""
        return self.alive and not self.draining

    def kill(self) -> None:
        """SIGKILL: nothing more is done, nothing more is answered."""
        if not self.alive:
            return
        self.world.trace.fault(self.name, "killed", f"{len(self.attempts)} attempts, {self.mailer.open} connections")
        self.alive = False
        self.on_killed(self)
        self.world.died(self)

    def drain(self) -> None:
        """SIGTERM: no new work; what is in flight is finished."""
        self.world.trace.fault(self.name, "drained")
        self.draining = True
        for attempt in list(self.attempts.values()):
            attempt.environment.worker_shutdown()
