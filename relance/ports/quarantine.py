"""The documents that could not be read, and another look at them (SPEC section 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from relance.domain.quarantine import QuarantineCount, Reviewed, SetAside


class Quarantine(Protocol):
    """What was set aside; the documents themselves stay where they are."""

    @property
    def collections(self) -> Sequence[str]:
        """The collections whose documents are checked, in order."""

    async def counts(self) -> Mapping[str, QuarantineCount]:
        """Return how many are set aside, by collection; without those that have none."""

    async def of_period(self, period: str) -> dict[str, int]:
        """Return how many a period's cycle could not read: users, contacts, its plans and its invitations."""

    async def page(self, collection: str | None, after: str, size: int) -> list[SetAside]:
        """Return the next ones in order of key, of one collection or of all, after a key; empty text is the start."""

    async def named(self, collection: str, name: str) -> SetAside | None:
        """Return the one of this collection that people name so, by its id or by its token."""

    async def review(self, those: Sequence[SetAside] | None = None) -> Reviewed:
        """Read these again, by default the next some thousands of all; who is sound or gone leaves."""
