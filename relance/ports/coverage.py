"""What the watch over the periods asks: of the server, and of the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from relance.domain.cycle.coverage import CycleFate


class CycleFates(Protocol):
    """How the cycles of the periods fare on the server."""

    async def fate(self, period: str) -> CycleFate:
        """Return where a period's cycle stands."""


class Coverage(Protocol):
    """Questions about users and plans whose answers cost the same with a thousand users and with a million."""

    async def first_period(self) -> str | None:
        """Return the earliest period that has plans or a report."""

    async def has_users(self) -> bool:
        """Return whether there is any active user."""

    async def has_plans(self, period: str) -> bool:
        """Return whether the period has any plan, whatever became of it."""

    async def plans_open(self, period: str) -> int:
        """Count the period's `planned` and `sending` plans; no further than a limit."""

    async def waiting(self, period: str, at: datetime) -> Sequence[datetime]:
        """Return since when each active user that has no plan of the period is seen without one.

        Looks at some thousand users, going on where the last call ended, and again at those it knows of already.
        """
