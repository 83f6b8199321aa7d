"""How a follow-up waits through a pause of its cycle, and when it looks again without being woken (SPEC C11)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from relance.contracts.follow_up import FollowUpState

FIRST_LOOK = timedelta(days=1)
"""The end of a pause wakes the follow-ups, and so does the reconciliation; this is for when both are lost."""

BELIEVED_FOR = timedelta(hours=1)
"""What comes due so soon after a step was held is held as well, without an activity that would say the same."""

NOTHING = timedelta(0)


class Holding:
    """One timer for all held invitations: after 1 day, then 2, then 4, and so on while the cycle stays paused."""

    def __init__(self, state: FollowUpState) -> None:
        self._look_at = state.look_at
        self._looks = state.looks
        self._since = state.held_since
        self._timer: asyncio.Task[None] | None = None
        self.is_over = False

    def keep(self) -> FollowUpState:
        """Return what is known, for the next run."""
        return FollowUpState(look_at=self._look_at, looks=self._looks, held_since=self._since)

    def believes_paused(self, now: datetime) -> bool:
        """Return whether an activity has said lately that the cycle is paused, and nobody anything else since."""
        return self._since is not None and now - self._since < BELIEVED_FOR

    def may_be_over(self) -> None:
        """Have what is held looked at again."""
        self.is_over = True

    def begin_look(self) -> bool:
        """Return whether what is held is to be looked at now; from now on only the next wake-up asks for it again."""
        is_over, self.is_over = self.is_over, False
        if is_over:
            self._since = None
        return is_over

    def note_held(self, now: datetime) -> None:
        """Take note that the cycle is paused."""
        self._since = now
        self.set_timer()

    def note_running(self) -> None:
        """Take note that the cycle is not paused: what is still held may go on."""
        self._since = self._look_at = None
        self._looks = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.is_over = True

    def set_timer(self) -> None:
        """Make sure that what is held is looked at again some day."""
        if self._timer is None:
            self._look_at = self._look_at or workflow.now() + FIRST_LOOK * 2**self._looks
            self._timer = asyncio.create_task(self._look_again(self._look_at))

    async def _look_again(self, at: datetime) -> None:
        ahead = at - workflow.now()
        if ahead > NOTHING:
            summary = f"held while the cycle is paused; looks again {at:%Y-%m-%d %H:%M} UTC"
            await workflow.sleep(ahead, summary=summary)
        self._timer = self._look_at = None
        self._looks += 1
        self.is_over = True
