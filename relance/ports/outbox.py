"""Notices that follow-ups and cycles have not got yet: written with the events, read by every process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from relance.contracts.follow_up import InvitationEvent


@dataclass(frozen=True, slots=True)
class Lag:
    """The lag of the outbox: how many notices wait (counted up to a limit), and since when the oldest waits."""

    waiting: int = 0
    oldest: datetime | None = None

    def seconds(self, now: datetime) -> float:
        """Return how long the oldest has waited."""
        return max((now - self.oldest).total_seconds(), 0.0) if self.oldest is not None else 0.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that a follow-up is not notified of yet, and since when."""

    event: InvitationEvent
    since: datetime


class Outbox(Protocol):
    """Notices for follow-ups, and the question for a new plan of the periods (SPEC G1).

    An entry of the ledger holds its own notice, set by the same write as what the event did to it, so that nothing can
    be acknowledged without it; it is taken away after the signal, so that a process that dies in between signals twice,
    which a follow-up takes as once.
    """

    async def pending(self, after: datetime | None, before: datetime, limit: int) -> list[Waiting]:
        """Return the oldest notices written between two instants, at most `limit`."""

    async def done(self, events: Sequence[InvitationEvent]) -> None:
        """Take notices away, unless a newer one has come to an invitation."""

    async def lag(self) -> Lag:
        """Return how far behind it is."""

    async def ask_replan(self, at: datetime) -> None:
        """Ask for a new plan: preferences have changed."""

    async def replan_asked(self) -> int:
        """Return a number that grows with every question; 0 if all are answered."""

    async def replanned(self, asked: int) -> None:
        """Answer the questions up to this number."""
