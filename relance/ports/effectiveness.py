"""What reminders achieved, counted where the invitations are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from relance.domain.effectiveness import Group


class Effectiveness(Protocol):
    """Counts of what followed the reminders; no invitation leaves the store."""

    async def periods(self) -> list[str]:
        """Return the periods there are invitations of, newest first."""

    def groups(self, period: str, now: datetime) -> AsyncIterator[Group]:
        """Yield the counted reminders of a period; a window that is not over `now` is not watched to its end."""
