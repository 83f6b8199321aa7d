"""A follow-up whose history grows goes on as a new run with all it knows; a step that fails for good is borne."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from relance import ids
from relance.contracts.follow_up import (
    Followed,
    FollowedState,
    FollowUpInput,
    FollowUpStep,
    StepInput,
    StepResult,
    Wake,
)
from relance.contracts.names import TaskQueue
from relance.domain.invitations.events import EventKind
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve, move_to
from tests.workflows.test_follow_up import PERIOD, Handle, RecordedSteps, begin, due_in, notify, sent_or_expired
from tests.workflows.test_follow_up_pause import states, until, until_all, until_held, until_next
from workflows.common.invitation_steps import ERRORS_BORNE
from workflows.follow_up import FollowUp

HOUR = timedelta(hours=1)
SUGGESTED_AFTER = 400
"""Events after which the test server suggests to continue as new."""


async def run_of(handle: Handle) -> str:
    return (await handle.describe()).run_id


async def grow(handle: Handle, user: str) -> None:
    """Send the follow-up news that change nothing until it has begun a new run."""
    before = await run_of(handle)
    for _ in range(SUGGESTED_AFTER):
        await notify(handle, user, "stranger", EventKind.OPENED)
    async with asyncio.timeout(PATIENCE_S):
        while await run_of(handle) == before:
            await asyncio.sleep(0.05)


async def test_steps_tries_put_offs_what_is_held_and_what_has_ended_outlive_the_run(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    first = due_in(3, start)
    later = {"tried": first + 5 * HOUR, "put-off": first + 6 * HOUR}
    paused = True

    def answer(request: StepInput) -> StepResult:
        if not paused:
            return sent_or_expired(request)
        return StepResult(retry={"tried": later["tried"]}, put_off={"put-off": later["put-off"]}, held=("held",))

    steps = RecordedSteps(answer)
    names = ("tried", "put-off", "held", "answered")
    async with serving([steps.run_steps]):
        handle = await begin(skipper.client, user, start, names)
        await notify(handle, user, "answered", EventKind.SUBMITTED)
        await move_to(skipper, handle, first)
        await until_held(handle, "held")
        before = await states(handle)
        await grow(handle, user)
        assert await states(handle) == before
        expected = {name: (FollowUpStep.FIRST, first if name == "held" else later[name], None) for name in names[:3]}
        assert {name: (one.step, one.due, one.ended) for name, one in before.items()} == {
            **expected,
            "answered": (None, None, "submitted"),
        }
        # Its own look comes when it was to come, and what is to be tried is tried with the tries it had.
        await move_to(skipper, handle, later["tried"])
        await until(lambda: len(steps.asked) == 2)
        assert [(group.contacts, group.tries) for group in steps.asked[1].due] == [(("tried",), 1)]
        paused = False
        await move_to(skipper, handle, first + 24 * HOUR + HOUR)
        await until_next(handle, "held", FollowUpStep.SECOND)
        await until_next(handle, "put-off", FollowUpStep.SECOND)
        await grow(handle, user)
        for days in (7, 30):
            await move_to(skipper, handle, due_in(days, start))
        assert await handle.result() == {**dict.fromkeys(names[:3], "expired"), "answered": "submitted"}
    assert steps.steps()[-2:] == [
        (FollowUpStep.SECOND, ("held", "put-off", "tried")),
        (FollowUpStep.EXPIRY, tuple(sorted(names[:3]))),
    ]


async def test_news_that_come_while_it_continues_as_new_are_not_lost(
    client: Client, serving: Serve, user: str, start: datetime
) -> None:
    steps = RecordedSteps()
    # As many as one follow-up ever holds; each is told of twice.
    names = [f"c{number:03}" for number in range(150)]
    async with serving([steps.run_steps]):
        handle = await begin(client, user, start, ("a",))
        before = await run_of(handle)

        async def send(name: str) -> None:
            group = Followed(contacts=(name,), second=due_in(7, start), expiry=due_in(30, start))
            await handle.signal(FollowUp.wake, Wake(groups=(group,)))

        for at in range(0, 2 * len(names), 20):
            await asyncio.gather(*(send(name) for name in (names * 2)[at : at + 20]))
        await until_all(handle, names, lambda state: state.step is FollowUpStep.SECOND)
        assert await run_of(handle) != before
        assert (await states(handle)).keys() == {"a", *names}
        await handle.terminate()
    assert steps.asked == []


async def test_a_follow_up_that_was_started_before_it_could_waits_for_a_step_of_this_version(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    """An open history may have passed the suggestion and gone on: it must replay, and continues only after a step."""
    steps = RecordedSteps(lambda request: sent_or_expired(request).model_copy(update={"may_continue": True}))
    group = Followed(contacts=("a",), first=due_in(3, start), second=due_in(7, start), expiry=due_in(30, start))
    async with serving([steps.run_steps]):
        handle = await skipper.client.start_workflow(
            FollowUp.run,
            FollowUpInput(period=PERIOD, user_id=user, groups=(group,), expiry_days=30),
            id=ids.follow_up_workflow_id(PERIOD, user),
            task_queue=TaskQueue.INVITATIONS,
            execution_timeout=timedelta(days=60),
        )
        before = await run_of(handle)
        for _ in range(SUGGESTED_AFTER):
            await notify(handle, user, "stranger", EventKind.OPENED)
        assert (await states(handle))["a"].step is FollowUpStep.FIRST
        assert await run_of(handle) == before
        await move_to(skipper, handle, due_in(3, start))
        await until_next(handle, "a", FollowUpStep.SECOND)
        async with asyncio.timeout(PATIENCE_S):
            while await run_of(handle) == before:
                await asyncio.sleep(0.05)
        assert (await states(handle))["a"].step is FollowUpStep.SECOND
        await handle.terminate()


class Poisoned:
    """Stands for the activity: whatever it is asked for the contact `bad` fails for good, with all its company."""

    def __init__(self) -> None:
        self.asked: list[StepInput] = []
        self.sent: list[str] = []

    @activity.defn(name="run_steps")
    async def run_steps(self, request: StepInput) -> StepResult:
        self.asked.append(request)
        contacts = [one for group in request.due for one in group.contacts]
        if "bad" in contacts:
            raise ApplicationError("cannot be", type="InvalidInput", non_retryable=True)
        self.sent += contacts
        return sent_or_expired(request)


async def test_a_step_that_fails_for_good_ends_neither_the_follow_up_nor_its_neighbours(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    poisoned = Poisoned()
    async with serving([poisoned.run_steps]):
        handle = await begin(skipper.client, user, start, ("bad", "good"))
        await move_to(skipper, handle, due_in(3, start))
        await until(lambda: len(poisoned.asked) == 1)
        await move_to(skipper, handle, due_in(3, start) + timedelta(minutes=6))
        await until_next(handle, "good", FollowUpStep.SECOND)
        assert poisoned.sent == ["good"]
        await move_to(skipper, handle, due_in(7, start) - HOUR)
        assert len(poisoned.asked) == 2 + ERRORS_BORNE
        found = await states(handle)
        assert (found["bad"].ended, found["good"].step) == ("step_failed", FollowUpStep.SECOND)
        # The reconciliation finds its reminder overdue, and has it tried again.
        group = Followed(contacts=("bad",), first=due_in(3, start), second=due_in(7, start), expiry=due_in(30, start))
        await handle.signal(FollowUp.wake, Wake(groups=(group,)))
        await until(lambda: len(poisoned.asked) == 3 + ERRORS_BORNE)
        found = await states(handle)
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
        await handle.terminate()
    assert isinstance(found["bad"], FollowedState)
    waits = [later.at - earlier.at for earlier, later in zip(poisoned.asked[2:6], poisoned.asked[3:7], strict=True)]
    assert waits == sorted(waits)


async def test_a_follow_up_that_is_cancelled_in_a_step_ends(
    client: Client, serving: Serve, user: str, start: datetime
) -> None:
    begun = asyncio.Event()

    @activity.defn(name="run_steps")
    async def forever(request: StepInput) -> StepResult:
        begun.set()
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.05)

    async with serving([forever]):
        handle = await begin(client, user, start - timedelta(days=3, hours=1), ("a",))
        async with asyncio.timeout(PATIENCE_S):
            await begun.wait()
        await handle.cancel()
        async with asyncio.timeout(PATIENCE_S):
            while (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
                await asyncio.sleep(0.05)
        assert (await handle.describe()).status is WorkflowExecutionStatus.CANCELED
