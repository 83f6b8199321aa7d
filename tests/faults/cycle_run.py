"""What a disturbed cycle is made of: options from the command line, and the run under way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from temporalio.service import RPCError

from relance.contracts.cycle import CycleStatistics
from relance.devstack.mailbox.client import Mailbox
from relance.runtime.process_exit import is_unreachable
from tests.faults.scenario import Say
from tests.faults.servers import Servers
from tests.support.installation import CycleHandle, Installation
from tests.support.mail_flow import MailFlow

AGAIN_S = 0.2
LAST_AT = 0.9
"""Share of the mails after which no fault is planned: the last one shall still interrupt something."""
HESITATION_S = 0.3


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may choose; `connections` is per worker process.

    With `resolver` the workers look at the mailbox's log before they send anything again, and nothing may be doubled.
    """

    users: int
    contacts: int
    kills: int
    connections: int
    seed: int
    resolver: bool = False


@dataclass(slots=True)
class Notes:
    """What a scenario measured, and what it found broken beyond the invariants."""

    figures: dict[str, Any] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Run:
    """A cycle under way, with one worker; `expected` mails will arrive if nothing goes wrong."""

    options: Options
    installation: Installation
    mailbox: Mailbox
    flow: MailFlow
    cycle: CycleHandle
    expected: int
    chance: random.Random
    say: Say
    servers: Servers
    notes: Notes = field(default_factory=Notes)

    async def result(self) -> CycleStatistics:
        """Wait for the end of the cycle, also through the absence of Temporal."""
        while True:
            try:
                return await self.cycle.result()
            except RPCError as error:
                if not is_unreachable(error):
                    raise
                await asyncio.sleep(AGAIN_S)

    async def moments(self) -> AsyncIterator[int]:
        """Yield the number of each fault at a moment of its own, spread over the mails, while they are flowing."""
        ended = asyncio.ensure_future(self.result())
        stretch = self.expected * LAST_AT / self.options.kills
        try:
            for number in range(self.options.kills):
                target = max(int(stretch * (number + self.chance.random())), self.flow.count + 1)
                if not await self.flow.reach(target, unless=ended.done):
                    self.say(f"the cycle ended before fault {number + 1}")
                    return
                await asyncio.sleep(self.chance.random() * HESITATION_S)
                self.say(f"fault {number + 1} of {self.options.kills} after {await self.flow.look()} mails")
                yield number
        finally:
            ended.cancel()


Disturb = Callable[[Run], Awaitable[int]]
"""Makes a fault happen during a run and returns how many kills there were."""
