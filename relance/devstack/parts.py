"""The parts of a running stack, each watched: one that ends is started again where it was, three times in a row."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from relance.devstack import processes
from relance.errors import RelanceError

RESTARTS = 3
STEADY_S = 300.0
"""A part that ran for so long since its last start is counted anew."""
SIGNALLED = 128


class Running(Protocol):
    """A part that runs."""

    @property
    def server(self) -> processes.Server:
        """Its process."""

    async def stop(self) -> None:
        """End it."""


R = TypeVar("R", bound=Running)


@dataclass
class StackPart:
    """One part: how it is started, on the same ports each time, and what runs now.

    `repair` puts back what a process of its kind forgets when it ends.
    """

    name: str
    running: Running
    start: Callable[[], Awaitable[Running]]
    mend: Callable[[], Awaitable[object]] | None = None
    restarts: int = 0
    given_up: bool = False
    _since: float = field(default_factory=time.monotonic)

    async def look(self) -> list[str]:
        """Start it again if it has ended; return what there is to say."""
        server = self.running.server
        if server.running or self.given_up:
            return []
        if time.monotonic() - self._since > STEADY_S:
            self.restarts = 0
        how = _ending(server.exit_code)
        if self.restarts == RESTARTS:
            self.given_up = True
            return [f"{self.name} {how}, after {RESTARTS} restarts in a row: it stays away. Read {server.log}"]
        self.restarts += 1
        count = f"restart {self.restarts} of {RESTARTS}"
        kept = server.keep_log()
        try:
            self.running = await self.start()
            if self.mend is not None:
                await self.mend()
        except RelanceError as error:
            first = str(error).splitlines()[0]
            return [f"{self.name} {how} and did not come back ({count}): {first}"]
        finally:
            self._since = time.monotonic()
        return [f"{self.name} {how}; it runs again where it was ({count}). Its log until then: {kept}"]


async def look_after(parts: Sequence[StackPart], tell: Callable[[str], None]) -> None:
    """Look at every part once, and say what became of those that had ended."""
    for said in asyncio.as_completed([part.look() for part in parts]):
        for sentence in await said:
            tell(sentence)


def _ending(code: int | None) -> str:
    if code is not None and code > SIGNALLED:
        return f"was ended by signal {code - SIGNALLED}"
    return f"has ended with code {code}"
