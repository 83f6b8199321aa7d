"""What the database knows of users whose month ended without a mail, by ids alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from relance.domain.invitations.unsent import PlanEnding


class UnsentUsers(Protocol):
    """The plans that ended, and which contacts have an entry."""

    async def unnoted(self, period: str, after: str | None, size: int) -> Mapping[str, PlanEnding]:
        """Return the next users with a plan that ended without sending and noted no contacts, in order of id."""

    async def endings(self, period: str, user_ids: Sequence[str]) -> Mapping[str, PlanEnding]:
        """Return how the plans of these users stand, of those who have one."""

    async def entered(self, period: str, user_ids: Sequence[str]) -> Mapping[str, set[str]]:
        """Return which contacts of each user have an entry of the period."""

    async def contacts(self, user_ids: Sequence[str]) -> Mapping[str, set[str]]:
        """Return the ids of each user's first contacts in order of id, readable or not."""
