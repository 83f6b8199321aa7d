"""The mail relay and the ways to it: it accepts, defers, refuses, and breaks connections at the worst moments."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from relance.errors import DependencyUnavailable, MailRefused, MailUncertain
from relance.ports import OutgoingMail
from tests.simulation.relay_log import SimulatedRelayLog
from tests.simulation.world import Process, World

REFUSALS = (
    (450, "4.7.1 greylisted, try again later", "rcpt"),
    (452, "4.2.2 mailbox is full", "rcpt"),
    (421, "4.7.0 too many connections", "mail"),
    (451, "4.3.0 local error", "data"),
    (554, "5.7.1 blocked by policy", "data"),
    (535, "5.7.8 authentication failed", "auth"),
    (552, "5.3.4 message too big", "data"),
)


@dataclass
class Relay:
    """What was accepted, in order, and what was not."""

    world: World
    accepted: list[OutgoingMail] = field(default_factory=list)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    unanswered: Counter[tuple[str, str]] = field(default_factory=Counter)
    gone: set[str] = field(default_factory=set)
    log: SimulatedRelayLog | None = None
    on_accepted: Callable[[OutgoingMail, Process], None] = lambda _letter, _process: None

    @property
    def log_is_sure(self) -> bool:
        """Whether there is a log, and it can always be read."""
        return self.log is not None and not self.world.rates.relay_breaks_before

    def accept(self, letter: OutgoingMail, process: Process) -> None:
        """Take a mail."""
        self.accepted.append(letter)
        if self.log is not None:
            self.log.accepted[letter.message_id] = self.world.now()
        self.world.trace.event("relay", f"accepted {letter.invitation_id} {letter.kind} from {process.name}")
        self.on_accepted(letter, process)

    def refusal(self, letter: OutgoingMail) -> MailRefused | None:
        """Return why a mail is not taken; an address without a mailbox never gets one."""
        if letter.to_address in self.gone:
            answer = (550, "5.1.1 user unknown", "rcpt")
        elif self.world.chance(self.world.rates.relay_refuses):
            answer = self.world.dice.choice(REFUSALS)
        else:
            return None
        self.refused[letter.invitation_id, letter.kind] += 1
        self.world.trace.fault("relay", f"refused-{answer[0]}", letter.invitation_id)
        return MailRefused(*answer)


@dataclass
class Lane:
    """One connection of a worker process."""

    relay: Relay
    process: Process
    paced: bool

    def is_free(self, to_address: str) -> bool:
        return not self.paced

    async def acquire(self, to_address: str) -> timedelta | None:
        dice = self.relay.world.dice
        if not self.paced:
            return None
        await asyncio.sleep(dice.uniform(0.0, 2.0))
        return timedelta(minutes=dice.uniform(1, 90)) if dice.random() < 0.1 else None

    async def send(self, letter: OutgoingMail) -> None:
        relay, process, world = self.relay, self.process, self.relay.world
        key = letter.invitation_id, str(letter.kind)
        if world.over:
            await world.hang()
        await world.way(process, world.delay(process, 0.3), lambda: relay.accept(letter, process))
        if world.loop.time() < world.relay_down_until:
            world.trace.fault(process.name, "relay-down", letter.invitation_id)
            raise DependencyUnavailable("relay", "connection refused")
        if (refusal := relay.refusal(letter)) is not None:
            raise refusal
        if world.chance(world.rates.relay_breaks_before):
            if world.dice.random() < 0.5:
                world.trace.fault(process.name, "relay-broke-before-data", letter.invitation_id)
                raise DependencyUnavailable("relay", "connection lost")
            relay.unanswered[key] += 1
            world.trace.fault(process.name, "relay-broke-in-data", letter.invitation_id)
            raise MailUncertain
        relay.accept(letter, process)
        await asyncio.sleep(world.dice.uniform(0.001, 0.05))
        if world.chance(world.rates.relay_breaks_after):
            relay.unanswered[key] += 1
            world.trace.fault(process.name, "relay-broke-after-data", letter.invitation_id)
            raise MailUncertain


class SimulatedMailer:
    """The connections of one worker process."""

    def __init__(self, relay: Relay, process: Process, connections: int, *, paced: bool) -> None:
        self._relay = relay
        self._process = process
        self._paced = paced
        self._free = asyncio.Semaphore(connections)
        self.connections = connections
        self.open = 0

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[Lane]:
        world = self._relay.world
        async with self._free:
            await asyncio.sleep(world.dice.uniform(0.001, 0.05))
            if world.over:
                await world.hang()
            if world.loop.time() < world.relay_down_until:
                world.trace.fault(self._process.name, "relay-down")
                raise DependencyUnavailable("relay", "connection refused")
            self.open += 1
            try:
                yield Lane(self._relay, self._process, self._paced)
            finally:
                self.open -= 1
