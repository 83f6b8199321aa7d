"""What the workers' work leaves behind, for whoever watches from outside (SPEC H3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from relance.domain.watchdog import DuePlans


class Effects(Protocol):
    """Questions about the whole database that nobody asks while mails are sent: they may take a second."""

    async def plans_due(self, before: datetime) -> list[DuePlans]:
        """Return, by period, the plans that were due before an instant and are not done."""

    async def last_mail(self, periods: Sequence[str], since: datetime) -> datetime | None:
        """Return when the relay last accepted an invitation of these periods; one after `since` is recent enough."""

    async def stuck_claims(self, periods: Sequence[str], before: datetime) -> int:
        """Count the mails of these periods that were claimed before an instant and have no result."""
