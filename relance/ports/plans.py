"""The plans of a period."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from relance.contracts.cycle import Boundary
from relance.domain.cycle.planning import Plan, PlanStatus


class Plans(Protocol):
    """The plans of a period."""

    async def write(self, plans: Sequence[Plan]) -> tuple[int, int]:
        """Insert new plans and update those still `planned` that differ; return (inserted, changed).

        A plan that exists is only moved to an instant after its `updated_at`: a change of preference that would put
        the send into the past counts from the next period on.
        """

    async def known(self, period: str, user_ids: Sequence[str]) -> set[str]:
        """Return which of these users have a plan of the period."""

    async def next_instant(self, period: str, *, excluding: Sequence[datetime] = ()) -> tuple[datetime, int] | None:
        """Return the earliest instant of a `planned` or `sending` plan, but these, and how many plans have it."""

    async def boundaries(
        self, period: str, instant: datetime, after: str | None, size: int, limit: int
    ) -> list[Boundary]:
        """Return the next batch boundaries of a wave, over its `planned` and `sending` plans in order of user id."""

    async def begin(self, period: str, instant: datetime, boundary: Boundary, at: datetime) -> list[Plan]:
        """Move the boundary's `planned` plans to `sending`; return all that are `sending` now.

        Those that cannot be read are ended: `skipped`, with the reason `domain.plan.UNREADABLE`.
        """

    async def finish(
        self, period: str, user_ids: Sequence[str], status: PlanStatus, at: datetime, reason: str | None = None
    ) -> None:
        """Move these `sending` plans to an end status."""

    async def expect(
        self, period: str, contacts: Mapping[str, int], beyond: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        """Note on each user's plan how many contacts its batch found: the balance is drawn against their sum.

        `beyond` is how many further contacts the user has, of users who have more than are looked at.
        """

    async def expected(self, period: str) -> int:
        """Return the sum of the noted contacts over the period, those that were not looked at among them."""

    async def beyond(self, period: str) -> int:
        """Return the sum of the contacts over the period that were not looked at: they are skipped without entries."""

    def unnoted(self, period: str, *, size: int = 5000) -> AsyncIterator[list[str]]:
        """Yield the users of open plans on which no contacts are noted yet, by pages."""

    async def of_user(self, user_id: str) -> list[Plan]:
        """Return a user's plans, newest period first."""

    async def of_users(self, period: str, user_ids: Sequence[str]) -> dict[str, Plan]:
        """Return these users' plans of a period, by user id."""

    async def periods(self) -> list[str]:
        """Return the periods that have plans, newest first."""

    async def open_count(self, period: str) -> int:
        """Count the period's `planned` and `sending` plans."""

    async def not_due(self, period: str, at: datetime) -> int:
        """Count the plans that wait for a later time, or were left out because of it: those `send_now` would move."""

    async def send_now(self, period: str, at: datetime) -> int:
        """Make those plans due at an instant, fixed as `sending`; return how many."""

    async def end_unreadable(self, period: str, at: datetime) -> int:
        """End what no wave can send, with all that was queued for it; return how many unreadable plans there are.

        These are plans without an instant, a user or a known status. What was queued for any unreadable plan is skipped
        with the same reason, and its plan notes how many contacts have an entry, so that the balance is still 0.
        """

    async def forget_unreadable(self, period: str, user_id: str) -> bool:
        """Delete a user's plan that was ended because it could not be read, for the planning to write it anew.

        Return whether there was one.
        """

    async def too_late(self, period: str) -> tuple[int, int]:
        """Return how many users' plans were skipped because their send time had passed, and how many contacts noted."""

    async def unreadable_count(self, period: str) -> int:
        """Count the period's plans that were ended because they cannot be read."""
