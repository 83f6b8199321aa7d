"""Histories of what a pause, a long life and a poisoned step do to a follow-up, for `tests.workflows.histories`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from relance import ids
from relance.contracts.follow_up import (
    Followed,
    FollowUpInput,
    FollowUpStep,
    InvitationEvent,
    StepInput,
    StepResult,
    Wake,
)
from relance.contracts.names import TaskQueue
from relance.contracts.waking import WakeInput
from relance.domain.invitations.events import EventKind
from tests.workflows.conftest import move_to
from tests.workflows.test_follow_up import sent_or_expired
from workflows.follow_up import FollowUp
from workflows.wake_follow_ups import WakeFollowUps

PERIOD = "2026-12"
LONG = 400
"""Events after which the recording server suggests to continue as new."""

HELD, CONTINUED, FAILED = "held", "continued", "failed"
Save = Callable[[str, str, str | None], Awaitable[None]]


class Answers:
    """What the step activity says to these users; everybody else's mails are sent."""

    def __init__(self) -> None:
        self.paused = True
        self.asked: list[StepInput] = []

    def __call__(self, request: StepInput) -> StepResult:
        self.asked.append(request)
        names = [one for group in request.due for one in group.contacts]
        if request.user_id == FAILED and "bad" in names and request.due[0].step is FollowUpStep.FIRST:
            raise ApplicationError("on demand", type="InvalidInput", non_retryable=True)
        if request.user_id in {HELD, CONTINUED} and self.paused:
            return StepResult(held=tuple(names), may_continue=True)
        return sent_or_expired(request).model_copy(update={"may_continue": True})

    async def reach(self, count: int) -> None:
        """Wait until as many steps were asked for."""
        while len(self.asked) < count:
            await asyncio.sleep(0.05)


async def record_held(skipper: TimeSkipper, answers: Answers, save: Save) -> None:
    """Record a follow-up in a pause, one that goes on as a new run in it, one whose step fails, and the waking."""
    start = datetime.now(UTC).replace(microsecond=0)
    await _held(skipper, answers, start)
    await save(ids.follow_up_workflow_id(PERIOD, HELD), "follow_up.held", None)
    answers.paused = True
    first_run = await _continued(skipper, answers, start)
    await save(ids.follow_up_workflow_id(PERIOD, CONTINUED), "follow_up.continued", first_run)
    await save(ids.follow_up_workflow_id(PERIOD, CONTINUED), "follow_up.went_on", None)
    handle = await _begin(skipper.client, FAILED, start, ("bad", "good"))
    for later in (timedelta(days=3), timedelta(days=3, minutes=6), timedelta(days=6), timedelta(days=7)):
        await move_to(skipper, handle, start + later)
    await move_to(skipper, handle, start + timedelta(days=30))
    await handle.result()
    await save(handle.id, "follow_up.failed_step", None)
    request = WakeInput(period=PERIOD)
    await skipper.client.execute_workflow(
        WakeFollowUps.run, request, id=ids.wake_workflow_id(PERIOD), task_queue=TaskQueue.OPS
    )
    await save(ids.wake_workflow_id(PERIOD), "wake_follow_ups", None)


async def _held(skipper: TimeSkipper, answers: Answers, start: datetime) -> None:
    seen = len(answers.asked)
    handle = await _begin(skipper.client, HELD, start, ("a", "b"))
    await move_to(skipper, handle, start + timedelta(days=3))
    await answers.reach(seen + 1)
    # Its own look finds the pause still there.
    await move_to(skipper, handle, start + timedelta(days=4, minutes=1))
    answers.paused = False
    await handle.signal(FollowUp.wake, Wake())
    await move_to(skipper, handle, start + timedelta(days=7))
    await move_to(skipper, handle, start + timedelta(days=30))
    await handle.result()


async def _continued(skipper: TimeSkipper, answers: Answers, start: datetime) -> str:
    """Return the run that was continued, whose first reminders are held."""
    seen = len(answers.asked)
    handle = await _begin(skipper.client, CONTINUED, start, ("a", "b", "c"))
    run_id = (await handle.describe()).run_id
    await move_to(skipper, handle, start + timedelta(days=3))
    await answers.reach(seen + 1)
    await handle.signal(FollowUp.event, _event(EventKind.SUBMITTED, "c", start))
    while (await handle.describe()).run_id == run_id:
        await handle.signal(FollowUp.event, _event(EventKind.OPENED, "a", start))
    answers.paused = False
    await handle.signal(FollowUp.wake, Wake())
    await move_to(skipper, handle, start + timedelta(days=7))
    await move_to(skipper, handle, start + timedelta(days=30))
    await handle.result()
    return run_id


def _event(kind: EventKind, contact: str, at: datetime) -> InvitationEvent:
    return InvitationEvent(invitation_id=ids.invitation_id(PERIOD, CONTINUED, contact), kind=kind, at=at)


async def _begin(
    client: Client, user: str, start: datetime, contacts: tuple[str, ...]
) -> WorkflowHandle[FollowUp, dict[str, str]]:
    first, second, expiry = (start + timedelta(days=days) for days in (3, 7, 30))
    group = Followed(contacts=contacts, first=first, second=second, expiry=expiry)
    return await client.start_workflow(
        FollowUp.run,
        FollowUpInput(period=PERIOD, user_id=user, groups=(group,), expiry_days=30, may_continue=True),
        id=ids.follow_up_workflow_id(PERIOD, user),
        task_queue=TaskQueue.INVITATIONS,
    )
