from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
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
from relance.domain.invitations.events import EventKind
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve, move_to
from workflows.follow_up import FollowUp

PERIOD = "2026-11"
Handle = WorkflowHandle[FollowUp, dict[str, str]]


class RecordedSteps:
    """Stands for the activity: records what it is asked and answers what it is told to."""

    def __init__(self, answer: Callable[[StepInput], StepResult] | None = None) -> None:
        self.asked: list[StepInput] = []
        self._answer = answer or sent_or_expired

    @activity.defn(name="run_steps")
    async def run_steps(self, request: StepInput) -> StepResult:
        self.asked.append(request)
        return self._answer(request)

    def steps(self) -> list[tuple[FollowUpStep, tuple[str, ...]]]:
        return [(group.step, tuple(sorted(group.contacts))) for asked in self.asked for group in asked.due]


def sent_or_expired(request: StepInput) -> StepResult:
    return StepResult(
        sent=tuple(one for group in request.due if group.step is not FollowUpStep.EXPIRY for one in group.contacts),
        ended={one: "expired" for group in request.due if group.step is FollowUpStep.EXPIRY for one in group.contacts},
    )


def due_in(days: int, start: datetime) -> datetime:
    return start + timedelta(days=days)


async def begin(client: Client, user: str, start: datetime, contacts: tuple[str, ...]) -> Handle:
    group = Followed(contacts=contacts, first=due_in(3, start), second=due_in(7, start), expiry=due_in(30, start))
    return await client.start_workflow(
        FollowUp.run,
        FollowUpInput(period=PERIOD, user_id=user, groups=(group,), expiry_days=30, may_continue=True),
        id=ids.follow_up_workflow_id(PERIOD, user),
        task_queue=TaskQueue.INVITATIONS,
        execution_timeout=timedelta(days=60),
    )


async def notify(handle: Handle, user: str, contact: str, kind: EventKind) -> None:
    event = InvitationEvent(invitation_id=ids.invitation_id(PERIOD, user, contact), kind=kind, at=datetime.now(UTC))
    await handle.signal(FollowUp.event, event)


async def test_reminders_of_one_user_go_out_together_at_j3_and_j7_and_expire_after_30_days(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    steps = RecordedSteps()
    async with serving([steps.run_steps]):
        handle = await begin(skipper.client, user, start, ("a", "b", "c"))
        for days in (3, 7, 30):
            await move_to(skipper, handle, due_in(days, start))
        result = await handle.result()
    together = ("a", "b", "c")
    assert steps.steps() == [
        (FollowUpStep.FIRST, together),
        (FollowUpStep.SECOND, together),
        (FollowUpStep.EXPIRY, together),
    ]
    assert result == dict.fromkeys(together, "expired")


async def test_no_reminder_comes_before_its_instant(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    steps = RecordedSteps()
    async with serving([steps.run_steps]):
        handle = await begin(skipper.client, user, start, ("a",))
        await skipper.fast_forward(handle, timedelta(days=3) - timedelta(minutes=1))
        assert steps.asked == []
        await move_to(skipper, handle, due_in(3, start))
        assert steps.asked[0].at >= due_in(3, start)
        await handle.terminate()


async def test_an_event_ends_the_timers_of_its_invitation_alone(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    steps = RecordedSteps()
    async with serving([steps.run_steps]):
        handle = await begin(skipper.client, user, start, ("a", "b"))
        await notify(handle, user, "a", EventKind.SUBMITTED)
        await notify(handle, user, "a", EventKind.SUBMITTED)
        await notify(handle, user, "b", EventKind.OPENED)
        await notify(handle, user, "stranger", EventKind.OPTED_OUT)
        await move_to(skipper, handle, due_in(3, start))
        states = {state.contact_id: state for state in await handle.query(FollowUp.steps)}
        assert steps.steps() == [(FollowUpStep.FIRST, ("b",))]
        assert (states["a"].ended, states["a"].due) == ("submitted", None)
        assert (states["b"].ended, states["b"].step) == (None, FollowUpStep.SECOND)
        await notify(handle, user, "b", EventKind.OPTED_OUT)
        assert await handle.result() == {"a": "submitted", "b": "opted_out"}


async def test_what_the_activity_ends_for_good_gets_no_further_step(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    steps = RecordedSteps(lambda request: StepResult(ended={"a": "contact_opted_out"}, skipped={"b": "reminders_off"}))
    async with serving([steps.run_steps]):
        handle = await begin(skipper.client, user, start, ("a", "b"))
        await move_to(skipper, handle, due_in(3, start))
        await move_to(skipper, handle, due_in(7, start))
        assert steps.steps() == [(FollowUpStep.FIRST, ("a", "b")), (FollowUpStep.SECOND, ("b",))]
        await handle.terminate()


async def test_a_deferred_invitation_is_tried_again_and_then_followed(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    later = Followed(contacts=("a",), first=due_in(4, start), second=due_in(8, start), expiry=due_in(31, start))
    answers = iter([StepResult(retry={"a": start + timedelta(minutes=20)}), StepResult(sent=("a",), due=(later,))])
    steps = RecordedSteps(lambda request: next(answers, StepResult(sent=("a",))))
    async with serving([steps.run_steps]):
        handle = await skipper.client.start_workflow(
            FollowUp.run,
            FollowUpInput(
                period=PERIOD,
                user_id=user,
                groups=(Followed(contacts=("a",), retry_at=start + timedelta(minutes=5)),),
                expiry_days=30,
            ),
            id=ids.follow_up_workflow_id(PERIOD, user),
            task_queue=TaskQueue.INVITATIONS,
            execution_timeout=timedelta(days=60),
        )
        await move_to(skipper, handle, start + timedelta(minutes=5))
        await move_to(skipper, handle, start + timedelta(minutes=20))
        await move_to(skipper, handle, due_in(4, start))
        assert [group.tries for asked in steps.asked for group in asked.due] == [0, 1, 0]
        assert steps.steps() == [
            (FollowUpStep.RETRY, ("a",)),
            (FollowUpStep.RETRY, ("a",)),
            (FollowUpStep.FIRST, ("a",)),
        ]
        await handle.terminate()


async def test_timers_read_as_sentences(skipper: TimeSkipper, serving: Serve, user: str, start: datetime) -> None:
    async with serving([RecordedSteps().run_steps]):
        handle = await begin(skipper.client, user, start, ("a",))
        async with asyncio.timeout(PATIENCE_S):
            while not any(
                event.HasField("timer_started_event_attributes") for event in (await handle.fetch_history()).events
            ):
                await asyncio.sleep(0.05)
        history = await handle.fetch_history()
        await handle.terminate()
    summaries = [event.user_metadata.summary.data.decode() for event in history.events]
    assert f'"first reminder (J+3) for contact a, due {due_in(3, start):%Y-%m-%d %H:%M} UTC"' in summaries


async def test_what_is_put_off_is_asked_again_and_no_try_is_counted(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    put_off = due_in(3, start) + timedelta(minutes=10)

    def answer(request: StepInput) -> StepResult:
        paused = len(steps.asked) == 1
        return StepResult(put_off={"a": put_off}) if paused else sent_or_expired(request)

    steps = RecordedSteps(answer)
    async with serving([steps.run_steps]):
        handle = await begin(skipper.client, user, start, ("a",))
        await move_to(skipper, handle, due_in(3, start))
        await move_to(skipper, handle, put_off)
        await handle.terminate()
    assert steps.steps() == [(FollowUpStep.FIRST, ("a",))] * 2
    assert [group.tries for asked in steps.asked for group in asked.due] == [0, 0]
    assert steps.asked[1].at >= put_off


async def test_a_rollback_ends_every_timer_at_once(serving: Serve, client: Client, user: str, start: datetime) -> None:
    steps = RecordedSteps()
    async with serving([steps.run_steps]):
        handle = await begin(client, user, start, ("a", "b"))
        await notify(handle, user, "a", EventKind.SUBMITTED)
        await handle.signal(FollowUp.stop, "cycle_rolled_back")
        assert await handle.result() == {"a": "submitted", "b": "cycle_rolled_back"}
    assert steps.asked == []


async def test_a_follow_up_that_is_woken_learns_what_it_has_lost_and_nothing_twice(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    steps = RecordedSteps()
    first, second, expiry = (due_in(days, start) for days in (3, 7, 30))
    async with serving([steps.run_steps]):
        handle = await begin(skipper.client, user, start, ("a", "b"))
        await notify(handle, user, "b", EventKind.SUBMITTED)
        await move_to(skipper, handle, first)
        # By the ledger a's first reminder was not sent, b has not answered, and c was never known here.
        known = Followed(contacts=("a", "b", "c"), first=first, second=second, expiry=expiry)
        await handle.signal(FollowUp.wake, Wake(groups=(known,)))
        await move_to(skipper, handle, first + timedelta(hours=1))
        await handle.signal(FollowUp.wake, Wake(groups=(known.model_copy(update={"first": None}),)))
        await move_to(skipper, handle, second)
        await move_to(skipper, handle, expiry)
        result = await handle.result()
    assert steps.steps()[0] == (FollowUpStep.FIRST, ("a",))
    woken = [contacts for step, contacts in steps.steps()[1:] if step is FollowUpStep.FIRST]
    assert sorted(contact for contacts in woken for contact in contacts) == ["a", "b", "c"]
    everyone = ("a", "b", "c")
    assert steps.steps()[-2:] == [(FollowUpStep.SECOND, everyone), (FollowUpStep.EXPIRY, everyone)]
    assert result == dict.fromkeys(everyone, "expired")


async def test_a_follow_up_that_is_woken_while_a_step_is_put_off_keeps_to_its_time(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    later = due_in(3, start) + timedelta(hours=6)
    answers = [StepResult(put_off={"a": later}), StepResult(sent=("a",)), StepResult(ended={"a": "submitted"})]
    steps = RecordedSteps(lambda _: answers.pop(0))
    async with serving([steps.run_steps]):
        handle = await begin(skipper.client, user, start, ("a",))
        await move_to(skipper, handle, due_in(3, start))
        known = Followed(contacts=("a",), first=due_in(3, start), second=due_in(7, start), expiry=due_in(30, start))
        await handle.signal(FollowUp.wake, Wake(groups=(known,)))
        await move_to(skipper, handle, later - timedelta(minutes=1))
        assert len(steps.asked) == 1
        await move_to(skipper, handle, later)
        await move_to(skipper, handle, due_in(7, start))
        await handle.result()
    assert [step for step, _ in steps.steps()] == [FollowUpStep.FIRST, FollowUpStep.FIRST, FollowUpStep.SECOND]
