"""The history of a follow-up whose steps run in local activities, for `tests.workflows.histories`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from temporalio.testing import TimeSkipper

from relance.contracts.follow_up import FollowUpStep, StepInput, StepResult
from tests.workflows.test_follow_up import sent_or_expired
from tests.workflows.test_follow_up_local import begin, to_the_end

USER = "local"
LEFT = "c"
Save = Callable[[str, str, str | None], Awaitable[None]]


def leaves_a_second_reminder(request: StepInput) -> StepResult:
    """Stand for the local activity: all is done but one reminder, which is left to the other one."""
    done = sent_or_expired(request).model_copy(update={"may_continue": True})
    if all(group.step is not FollowUpStep.SECOND for group in request.due):
        return done
    return done.model_copy(update={"sent": tuple(one for one in done.sent if one != LEFT), "left": (LEFT,)})


async def record_local(skipper: TimeSkipper, save: Save) -> None:
    """Record a follow-up of three invitations: first reminders, second ones of which one is left, expiry."""
    start = datetime.now(UTC).replace(microsecond=0)
    handle = await begin(skipper.client, USER, start)
    await to_the_end(skipper, handle, start)
    await save(handle.id, "follow_up.local", None)
