"""What is known of opened mails, of contacts who have agreed to it (SPEC G4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from relance.domain.invitations.open_kinds import OpenKind


class Opens(Protocol):
    """The first opening of each invitation by a person, and by a machine."""

    async def record(self, invitation_id: str, contact_id: str, kind: OpenKind, at: datetime) -> None:
        """Record an opening; of each kind the first stays."""

    async def contacts(self, after: str, limit: int) -> list[str]:
        """Return contacts of whom openings are recorded, with an id above `after`, in order."""

    async def forget(self, contact_ids: Sequence[str]) -> int:
        """Delete what is recorded of these contacts' openings, also in the ledger; return of how many invitations.

        An invitation that was opened counts as sent again, which lets the same things happen to it.
        """
