"""What is known of a database that was put back to an earlier state."""

from __future__ import annotations

from typing import Protocol

from relance.domain.restore import Restore


class Restores(Protocol):
    """The last restore of the database."""

    async def last(self) -> Restore | None:
        """Return the last restore; None if there was none."""

    async def record(self, restore: Restore) -> None:
        """Record a restore; it takes the place of the one before."""
