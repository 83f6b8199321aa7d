"""What a cycle has changed, taken back with a record of each change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from relance.domain.control import Control, ControlState


class Compensations(Protocol):
    """Takes back what a cycle has changed in our collections; `changes` are named `<collection>.<status before>`."""

    async def survey(self, period: str, decision: ControlState) -> Mapping[str, int]:
        """Return what a decision would change now, without changing anything."""

    async def apply(self, control: Control, at: datetime) -> int:
        """Give up what the decision gives up, each change with its record first; return how many were made now."""

    async def applied(self, period: str, decision: ControlState) -> Mapping[str, int]:
        """Return what was changed for a decision, over all attempts."""

    async def in_flight(self, period: str) -> int:
        """Count the invitations a mail of which is being sent: they cannot be taken back yet."""

    async def users(self, period: str, after: str | None, size: int) -> list[str]:
        """Return the next users the period has plans for, in order of id."""

    async def reached(self, period: str, after: str, size: int) -> list[str]:
        """Return the next ids of the invitations that arrived or may have, after one of them, in order."""

    async def count_reached(self, period: str) -> int:
        """Count the invitations that arrived or may have."""
