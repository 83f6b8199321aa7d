"""The gate of mails that nobody can pause: reminders of a cancelled cycle, corrections of a rollback (SPEC C10).

A person has ended the cycle, so there is nothing to pause and to resume. When the relay refuses us, these mails rest
for a while instead, and are tried again by themselves: at most one per connection meets the refusal each time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from relance.domain.cycle.error_gate import is_own_fault
from relance.domain.failures import Failure
from relance.ports import Deferred, Failed, Result

REST = timedelta(minutes=10)

logger = logging.getLogger(__name__)


class RestGate:
    """Closes for ten minutes at each fault of our own; one per process, because the relay is the same for all."""

    def __init__(self, *, active: bool = True) -> None:
        self._active = active
        self._until = float("-inf")

    @property
    def closed(self) -> bool:
        """Whether nothing goes out just now."""
        return self._until > asyncio.get_running_loop().time()

    def admit(self) -> bool:
        """Return whether a mail may be claimed now."""
        return not self.closed

    async def acquire(self, stop: Callable[[], bool]) -> bool:
        """Nobody waits here: return whether a mail may be claimed now."""
        return not (stop() or self.closed)

    def release(self) -> None:
        """Counts nothing."""

    def note(self, user: str, result: Result, *, again: bool = False) -> None:
        """Look whether a mail was refused for a fault of our own."""
        if isinstance(result, Deferred | Failed):
            self.refused_us(result.failure)

    def refused_us(self, failure: Failure) -> None:
        """Rest after a fault of our own."""
        if self._active and is_own_fault(failure):
            self._until = asyncio.get_running_loop().time() + REST.total_seconds()
            logger.warning("the relay refuses us (%s): mails of ended cycles rest for %s", failure.code, REST)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Nothing is shared."""
        yield

    async def stopped(self) -> None:
        """Nothing is paused."""
