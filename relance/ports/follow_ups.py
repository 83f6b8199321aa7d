"""The follow-up workflows: started, notified, ended."""

from __future__ import annotations

from typing import Protocol

from relance.contracts.follow_up import FollowUpInput, InvitationEvent


class FollowUps(Protocol):
    """The follow-up workflows."""

    async def start(self, follow_up: FollowUpInput) -> bool:
        """Start a follow-up; return False if it was started before."""

    async def notify(self, event: InvitationEvent, *, parts: int | None = None) -> bool:
        """Signal the follow-up of an invitation; return False if it does not exist or has ended.

        `parts` is how many follow-ups its user may have, if that is known (`Parts`): with a single follow-up nobody
        asks which.
        """


class RunningFollowUps(Protocol):
    """The running follow-up workflows, to be ended."""

    async def stop(self, period: str, user_id: str, reason: str) -> int:
        """End a user's follow-ups of a period; return how many were running."""

    async def running(self, period: str, user_id: str) -> int:
        """Count a user's running follow-ups of a period."""
