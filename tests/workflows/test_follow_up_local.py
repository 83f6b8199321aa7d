"""What comes due is done in a local activity as far as it gets, and by the mail queue for the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from relance import ids
from relance.contracts.follow_up import Followed, FollowUpInput, FollowUpStep, StepInput, StepResult
from relance.contracts.names import TaskQueue
from tests.workflows.conftest import Serve, move_to
from tests.workflows.test_follow_up import PERIOD, Handle, RecordedSteps, due_in, sent_or_expired
from workflows.follow_up import FollowUp

TOGETHER = ("a", "b", "c")


class LocalSteps:
    """Stands for the local activity, as `RecordedSteps` does for that of the mail queue."""

    def __init__(self, answer: Callable[[StepInput], StepResult] = sent_or_expired) -> None:
        self.asked: list[StepInput] = []
        self._answer = answer

    @activity.defn(name="run_steps_locally")
    async def run_steps_locally(self, request: StepInput) -> StepResult:
        assert activity.info().is_local
        self.asked.append(request)
        return self._answer(request)


async def begin(client: Client, user: str, start: datetime, *, queue: TaskQueue = TaskQueue.MAIL) -> Handle:
    group = Followed(contacts=TOGETHER, first=due_in(3, start), second=due_in(7, start), expiry=due_in(30, start))
    return await client.start_workflow(
        FollowUp.run,
        FollowUpInput(period=PERIOD, user_id=user, groups=(group,), expiry_days=30, may_continue=True).on(queue),
        id=ids.follow_up_workflow_id(PERIOD, user),
        task_queue=queue,
        execution_timeout=timedelta(days=60),
    )


async def to_the_end(skipper: TimeSkipper, handle: Handle, start: datetime) -> dict[str, str]:
    for days in (3, 7, 30):
        await move_to(skipper, handle, due_in(days, start))
    return await handle.result()


async def kinds(handle: Handle) -> Counter[int]:
    return Counter([event.event_type async for event in handle.fetch_history_events()])


async def test_what_is_done_locally_costs_no_activity_of_the_mail_queue(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    local, queue = LocalSteps(), RecordedSteps()
    async with serving([local.run_steps_locally, queue.run_steps]):
        handle = await begin(skipper.client, user, start)
        assert await to_the_end(skipper, handle, start) == dict.fromkeys(TOGETHER, "expired")
        events = await kinds(handle)
    assert [(group.step, group.contacts) for asked in local.asked for group in asked.due] == [
        (FollowUpStep.FIRST, TOGETHER),
        (FollowUpStep.SECOND, TOGETHER),
        (FollowUpStep.EXPIRY, TOGETHER),
    ]
    assert queue.asked == []
    assert events[EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED] == 0
    assert events[EventType.EVENT_TYPE_TIMER_FIRED] == 3 * len(TOGETHER)


async def test_what_is_left_is_done_by_the_mail_queue_and_the_rest_goes_on(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    def leaves_c(request: StepInput) -> StepResult:
        done = sent_or_expired(request)
        left = "c" in {contact for group in request.due for contact in group.contacts}
        return done.model_copy(
            update={"sent": tuple(one for one in done.sent if one != "c"), "left": ("c",) if left else ()}
        )

    local, queue = LocalSteps(leaves_c), RecordedSteps()
    async with serving([local.run_steps_locally, queue.run_steps]):
        handle = await begin(skipper.client, user, start)
        await move_to(skipper, handle, due_in(3, start))
        assert queue.steps() == [(FollowUpStep.FIRST, ("c",))]
        assert queue.asked[0].after_local, "there may be claims that nobody works at"
        await move_to(skipper, handle, due_in(7, start))
        assert [tuple(sorted(asked.due[0].contacts)) for asked in local.asked] == [TOGETHER, TOGETHER]
        assert queue.steps()[1:] == [(FollowUpStep.SECOND, ("c",))]
        await handle.terminate()


async def test_what_fails_locally_is_done_by_the_mail_queue(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    def fails(_: StepInput) -> StepResult:
        raise ApplicationError("the relay is away", type="Unavailable")

    local, queue = LocalSteps(fails), RecordedSteps()
    async with serving([local.run_steps_locally, queue.run_steps]):
        handle = await begin(skipper.client, user, start)
        assert await to_the_end(skipper, handle, start) == dict.fromkeys(TOGETHER, "expired")
    assert len(local.asked) == 3, "each is tried once"
    assert [(step, contacts) for step, contacts in queue.steps()] == [
        (FollowUpStep.FIRST, TOGETHER),
        (FollowUpStep.SECOND, TOGETHER),
        (FollowUpStep.EXPIRY, TOGETHER),
    ]
    assert all(asked.after_local for asked in queue.asked)


async def test_a_follow_up_that_is_not_to_do_anything_locally_does_not(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    local, queue = LocalSteps(), RecordedSteps()
    async with serving([local.run_steps_locally, queue.run_steps]):
        handle = await begin(skipper.client, user, start, queue=TaskQueue.INVITATIONS)
        assert await to_the_end(skipper, handle, start) == dict.fromkeys(TOGETHER, "expired")
        events = await kinds(handle)
    assert (local.asked, len(queue.asked)) == ([], 3)
    assert not any(asked.after_local for asked in queue.asked)
    assert events[EventType.EVENT_TYPE_MARKER_RECORDED] == 0
