"""A pause costs a follow-up nothing but a wait, and whatever ends it is heard of (SPEC C11)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.testing import TimeSkipper

from relance.contracts.follow_up import Followed, FollowedState, FollowUpStep, StepInput, StepResult, Wake
from relance.domain.invitations.events import EventKind
from relance.temporal.queries import unless_silent
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve, move_to
from tests.workflows.test_follow_up import Handle, begin, due_in, notify, sent_or_expired
from workflows.follow_up import FollowUp

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EVENTS_OF_A_PAUSE = 60


class Cycle:
    """Stands for the activity: what comes due while the cycle is paused is held."""

    def __init__(self) -> None:
        self.paused = True
        self.asked: list[StepInput] = []
        self.before_answer: Callable[[], Awaitable[None]] | None = None

    @activity.defn(name="run_steps")
    async def run_steps(self, request: StepInput) -> StepResult:
        assert request.holds
        self.asked.append(request)
        answer = self._held(request) if self.paused else sent_or_expired(request)
        if self.before_answer is not None:
            await self.before_answer()
        return answer

    def _held(self, request: StepInput) -> StepResult:
        names = [(group.step, one) for group in request.due for one in group.contacts]
        held = tuple(one for step, one in names if step is not FollowUpStep.EXPIRY)
        return StepResult(
            held=held, ended={one: "expired" for step, one in names if step is FollowUpStep.EXPIRY}, may_continue=True
        )

    @property
    def steps(self) -> list[tuple[FollowUpStep, tuple[str, ...]]]:
        return [(group.step, tuple(sorted(group.contacts))) for asked in self.asked for group in asked.due]


@pytest.fixture
def cycle() -> Cycle:
    return Cycle()


async def events(handle: Handle) -> int:
    return (await handle.describe()).history_length


async def states(handle: Handle) -> dict[str, FollowedState]:
    async with asyncio.timeout(PATIENCE_S):
        # A run that has just begun has no workflow task yet, and answers none.
        while (found := await unless_silent(handle.query(FollowUp.steps))) is None:
            await asyncio.sleep(0.05)
    return {state.contact_id: state for state in found}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.05)


async def until_all(handle: Handle, contacts: Sequence[str], holds: Callable[[FollowedState], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        found = await states(handle)
        while not all(holds(found[one]) for one in contacts):
            await asyncio.sleep(0.05)
            found = await states(handle)


async def until_held(handle: Handle, *contacts: str) -> None:
    await until_all(handle, contacts, lambda state: state.held)


async def until_ended(handle: Handle, contact: str) -> None:
    await until_all(handle, [contact], lambda state: state.ended is not None)


async def until_next(handle: Handle, contact: str, step: FollowUpStep) -> None:
    await until_all(handle, [contact], lambda state: state.step is step)


@pytest.mark.parametrize("contacts", [20, 100])
async def test_a_week_of_pause_costs_a_few_looks_and_everything_is_sent_once_when_it_is_over(
    skipper: TimeSkipper, serving: Serve, cycle: Cycle, user: str, start: datetime, contacts: int
) -> None:
    everyone = tuple(f"c{number:03}" for number in range(contacts))
    async with serving([cycle.run_steps]):
        handle = await begin(skipper.client, user, start, everyone)
        await move_to(skipper, handle, due_in(3, start))
        await until_held(handle, *everyone)
        before = await events(handle)
        await move_to(skipper, handle, due_in(10, start) - 2 * HOUR)
        # After one day and after two more; the next look is four days on.
        assert len(cycle.asked) == 3
        assert await events(handle) - before < EVENTS_OF_A_PAUSE
        cycle.paused = False
        await handle.signal(FollowUp.wake, Wake())
        await until(lambda: len(cycle.asked) == 5)
        await move_to(skipper, handle, due_in(30, start))
        await handle.result()
    assert cycle.steps[3:] == [
        (FollowUpStep.FIRST, everyone),
        (FollowUpStep.SECOND, everyone),
        (FollowUpStep.EXPIRY, everyone),
    ]
    assert {group.tries for asked in cycle.asked for group in asked.due} == {0}


async def test_a_resume_whose_signal_is_lost_is_noticed_by_a_look_of_its_own(
    skipper: TimeSkipper, serving: Serve, cycle: Cycle, user: str, start: datetime
) -> None:
    async with serving([cycle.run_steps]):
        handle = await begin(skipper.client, user, start, ("a",))
        await move_to(skipper, handle, due_in(3, start))
        await until_held(handle, "a")
        cycle.paused = False
        await move_to(skipper, handle, due_in(4, start) - timedelta(minutes=5))
        assert len(cycle.asked) == 1
        await move_to(skipper, handle, due_in(4, start) + timedelta(minutes=5))
        assert len(cycle.asked) == 2
        state = (await states(handle))["a"]
        await handle.terminate()
    assert (state.held, state.step) == (False, FollowUpStep.SECOND)


async def test_what_comes_due_later_in_a_pause_is_held_without_asking_and_later_asks(
    skipper: TimeSkipper, serving: Serve, cycle: Cycle, user: str, start: datetime
) -> None:
    async with serving([cycle.run_steps]):
        handle = await begin(skipper.client, user, start, ("a",))
        for name, later in (("b", timedelta(minutes=10)), ("c", 2 * HOUR)):
            group = Followed(contacts=(name,), first=due_in(3, start) + later, second=due_in(8, start))
            await handle.signal(FollowUp.wake, Wake(groups=(group,)))
        await move_to(skipper, handle, due_in(3, start) + timedelta(minutes=20))
        await until_held(handle, "a", "b")
        assert len(cycle.asked) == 1
        # Two hours later nobody takes the cycle for paused unasked; that it goes on is the others' news as well.
        cycle.paused = False
        await move_to(skipper, handle, due_in(3, start) + 2 * HOUR)
        await until(lambda: len(cycle.asked) == 3)
        found = await states(handle)
        await handle.terminate()
    assert [one.step for one in found.values()] == [FollowUpStep.SECOND] * 3
    assert cycle.steps[1:] == [(FollowUpStep.FIRST, ("c",)), (FollowUpStep.FIRST, ("a", "b"))]


async def test_a_wake_up_during_a_step_is_not_lost(
    client: Client, serving: Serve, cycle: Cycle, user: str, start: datetime
) -> None:
    """The step saw the pause; the cycle goes on before the follow-up has its answer."""

    async def resume() -> None:
        if cycle.paused:
            cycle.paused = False
            await handle.signal(FollowUp.wake, Wake())

    cycle.before_answer = resume
    async with serving([cycle.run_steps]):
        handle = await begin(client, user, start - 3 * DAY - HOUR, ("a",))
        await until(lambda: len(cycle.asked) == 2)
        await until_next(handle, "a", FollowUpStep.SECOND)
        await handle.terminate()


async def test_a_follow_up_of_a_paused_cycle_hears_of_answers_expires_and_ends(
    skipper: TimeSkipper, serving: Serve, cycle: Cycle, user: str, start: datetime
) -> None:
    async with serving([cycle.run_steps]):
        handle = await begin(skipper.client, user, start, ("a", "b"))
        expiring = Followed(contacts=("c",), expiry=due_in(5, start))
        await handle.signal(FollowUp.wake, Wake(groups=(expiring,)))
        await move_to(skipper, handle, due_in(3, start))
        await until_held(handle, "a", "b")
        await notify(handle, user, "a", EventKind.SUBMITTED)
        await move_to(skipper, handle, due_in(5, start))
        await until_ended(handle, "c")
        await handle.signal(FollowUp.stop, "cycle_rolled_back")
        assert await handle.result() == {"a": "submitted", "b": "cycle_rolled_back", "c": "expired"}
    assert not any(step is FollowUpStep.SECOND for step, _ in cycle.steps)
