"""What a connection asks before it claims a mail: the error gate of a period, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from relance.domain.failures import Failure
from relance.ports import Result


class SendGate(Protocol):
    """What a connection asks before it claims a mail, and reports after it."""

    def admit(self) -> bool:
        """Return whether a mail may be claimed now; what was admitted is noted or given back."""

    async def acquire(self, stop: Callable[[], bool]) -> bool:
        """Wait to be admitted; return False when `stop()` says so before."""

    def release(self) -> None:
        """Say that what was admitted was not sent."""

    def note(self, user: str, result: Result, *, again: bool = False) -> None:
        """Say what became of a user's mail; `again`: it had been tried before."""

    def refused_us(self, failure: Failure) -> None:
        """Say why a connection failed: perhaps the relay does not even talk to us."""


class OpenGate:
    """For mails that nothing holds back."""

    def admit(self) -> bool:
        """Always."""
        return True

    async def acquire(self, stop: Callable[[], bool]) -> bool:
        """At once."""
        return not stop()

    def release(self) -> None:
        """Counts nothing."""

    def note(self, user: str, result: Result, *, again: bool = False) -> None:
        """Counts nothing."""

    def refused_us(self, failure: Failure) -> None:
        """Counts nothing."""


OPEN_GATE = OpenGate()
