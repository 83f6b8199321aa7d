"""Wakes the follow-ups of a paused cycle that resumes, in the order of their users (SPEC C11)."""

from __future__ import annotations

from temporalio import workflow

from workflows.common.options import WAKE

with workflow.unsafe.imports_passed_through():
    from activities.waking import Waking
    from relance.contracts.waking import WakeInput, WakeResult


@workflow.defn
class WakeFollowUps:
    """Wake the follow-ups that a pause held; id `wake/<period>`, started anew whenever the cycle resumes."""

    @workflow.run
    async def run(self, request: WakeInput) -> WakeResult:
        """Return how many were woken."""
        return await workflow.execute_activity_method(
            Waking.wake_held, request, summary="wake the follow-ups whose reminders are due", **WAKE
        )
