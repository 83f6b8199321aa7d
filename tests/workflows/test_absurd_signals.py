"""Signals that can be read and mean nothing good: what they do later, in the main loop and in the next run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from pydantic_core import to_json
from temporalio.api.enums.v1 import EventType
from temporalio.testing import TimeSkipper

from relance.contracts.alerts import AlertView, Decided, DetailsAsked, Inhibited, Sighted, SilencedKeys
from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleInput, CycleOptions
from relance.contracts.follow_up import Followed, FollowUpStep, InvitationEvent, Wake
from relance.contracts.names import TaskQueue
from relance.domain.alerts.group import AlertGroup, Member
from relance.domain.alerts.lifecycle import Firing
from relance.domain.alerts.room import LARGEST, MEMBER, admitted
from relance.domain.cycle.control import ControlState
from relance.domain.failures import Severity
from relance.domain.invitations.events import EventKind
from relance.errors import InvalidInput
from tests.support.asking import answered
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve, move_to
from tests.workflows.house import House
from tests.workflows.test_alert import Group, firing, group, seen
from tests.workflows.test_control import USERS, begin_wave, household, told, until
from tests.workflows.test_follow_up import RecordedSteps, begin, due_in
from workflows.common import signal_checks
from workflows.follow_up import FollowUp
from workflows.monthly_cycle import MonthlyCycle
from workflows.send_wave import SendWave

__all__ = ["group"]

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
LONG = "k" * 100_000


async def test_an_order_from_the_year_9999_does_not_make_later_ones_earlier(
    skipper: TimeSkipper, serving: Serve
) -> None:
    house = household()
    house.control = told(ControlState.PAUSED)
    async with serving(house.activities()):
        wave = await begin_wave(skipper, house)
        await until(lambda: house.looks >= 2)
        absurd = ControlChange(state=ControlState.PAUSED, by="x" * 10_000, reason="y" * 900_000, at=END_OF_TIME)
        await wave.signal(SendWave.control, absurd)
        await until(lambda: house.looks >= 3)
        assert (await answered(lambda: wave.query(SendWave.progress))).control.by == "ann"
        house.control = told(ControlState.RUNNING)
        await wave.signal(SendWave.control, house.control)
        result = await wave.result()
    assert (result.counts.sent, house.planned) == (USERS, {})


@pytest.mark.parametrize("forged", [ControlState.CANCELLED, ControlState.ROLLED_BACK, ControlState.PAUSED])
async def test_an_order_that_only_a_signal_knows_of_stops_nothing(
    skipper: TimeSkipper, serving: Serve, forged: ControlState
) -> None:
    house = household()
    house.control = told(ControlState.PAUSED)
    async with serving(house.activities()):
        wave = await begin_wave(skipper, house)
        await until(lambda: house.looks >= 2)
        house.control = told(ControlState.RUNNING)
        await wave.signal(SendWave.control, told(forged, by="nobody"))
        result = await wave.result()
    assert (result.batches_failed, result.counts.sent) == (0, USERS)


async def test_a_cycle_does_not_end_because_of_a_forged_signal(skipper: TimeSkipper, serving: Serve) -> None:
    house = household()
    async with serving(house.activities()):
        cycle = await skipper.client.start_workflow(
            MonthlyCycle.run,
            CycleInput(period="2026-11", options=CycleOptions(), send_now=True),
            id=f"cycle-under-test/{uuid4()}",
            task_queue=TaskQueue.INVITATIONS,
            execution_timeout=timedelta(days=200),
            start_signal="control",
            start_signal_args=[told(ControlState.CANCELLED, by="nobody")],
        )
        await cycle.result()
    assert (house.planned, house.given_up) == ({}, [])


async def test_a_cycle_that_heard_from_the_future_still_obeys(skipper: TimeSkipper, serving: Serve) -> None:
    house = House(planned={"u1": datetime.now(UTC).replace(microsecond=0)})
    async with serving(house.activities()):
        cycle = await skipper.client.start_workflow(
            MonthlyCycle.run,
            CycleInput(period="2026-11", options=CycleOptions(), send_now=True, control=told(ControlState.PAUSED)),
            id=f"cycle-under-test/{uuid4()}",
            task_queue=TaskQueue.INVITATIONS,
            execution_timeout=timedelta(days=200),
        )
        await cycle.signal(MonthlyCycle.control, ControlChange(state=ControlState.PAUSED, by="x", at=END_OF_TIME))
        house.control = told(ControlState.RUNNING)
        await cycle.signal(MonthlyCycle.control, house.control)
        await cycle.result()
    assert house.batches


async def test_a_follow_up_is_not_woken_for_what_it_cannot_hold(
    skipper: TimeSkipper, serving: Serve, user: str, start: datetime
) -> None:
    steps = RecordedSteps()
    async with serving([steps.run_steps]):
        handle = await begin(skipper.client, user, start, ("a",))
        crowd = tuple(f"c{number}" for number in range(150))
        for groups in (
            (Followed(contacts=("a",), first=END_OF_TIME),),
            (Followed(contacts=tuple(f"x{number}" for number in range(500)), first=start),),
            (Followed(contacts=crowd, expiry=due_in(30, start)),),
            (Followed(contacts=tuple(f"y{number}" for number in range(150)), expiry=due_in(30, start)),),
        ):
            await handle.signal(FollowUp.wake, Wake(groups=groups))
        await move_to(skipper, handle, due_in(3, start))
        known = {one.contact_id for one in await answered(lambda: handle.query(FollowUp.steps))}
        await handle.terminate()
    # One crowd of unknown contacts fits beside the hundred it was begun for, not a second one.
    assert known == {"a", *crowd}
    assert (FollowUpStep.FIRST, ("a",)) in steps.steps()


async def test_a_group_of_alerts_lives_through_what_no_check_would_send(group: Group) -> None:
    await group.sees(seen(firing("a")))
    await group.told(1)
    far = SilencedKeys(keys=("a", LONG), until=END_OF_TIME)
    absurd = [
        Sighted(firings=(Firing(LONG, Severity.HIGH),)),
        Sighted(firings=(Firing("b", Severity.HIGH, Decimal("1e999999")),)),
        Sighted(firings=(Firing("b", Severity.HIGH, Decimal("1e-999999")),)),
        Sighted(firings=(Firing("b", Severity.HIGH, Decimal("9" * 5000)),)),
        Sighted(gone=("nothing", LONG)),
        Sighted(silenced=(far,)),
        seen(firing("a"), observation="z" * 5000),
        # It can be read; it must not overtake every run to come.
        seen(firing("a"), observation="zzz"),
    ]
    for news in absurd:
        await group.handle.signal("sighted", news)
    for name, decision in (
        ("decided", Decided(keys=(LONG,))),
        ("decided", Decided(keys=("unknown",), until=END_OF_TIME)),
        ("details", DetailsAsked(keys=(LONG, "a"))),
        ("inhibited", Inhibited(by=LONG)),
    ):
        await group.handle.signal(name, decision)
    await group.passes(timedelta(minutes=2))
    view = await group.view()
    assert set(view.group.members) == {"a"}
    assert view.group.inhibited_by is None
    await group.sees(seen(observation="2026-11-22"))
    await group.passes(timedelta(hours=1, minutes=10))
    counts = await group.handle.result()
    assert counts.resolved == 1
    history = await group.handle.fetch_history()
    assert not [one for one in history.events if one.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED]


async def test_a_silence_without_end_is_no_timer_of_centuries(group: Group) -> None:
    await group.sees(seen(firing("a")))
    await group.told(1)
    await group.decides("a", until=END_OF_TIME)
    await group.until(lambda: _is_silenced(group))
    month, timers = timedelta(days=30), list[timedelta]()
    async with asyncio.timeout(PATIENCE_S):
        while max(timers, default=timedelta(0)) < month:
            history = await group.handle.fetch_history()
            timers = [
                one.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
                for one in history.events
                if one.event_type == EventType.EVENT_TYPE_TIMER_STARTED
            ]
    assert max(timers) == month


async def _is_silenced(group: Group) -> bool:
    return (await group.view()).group.members["a"].silenced_until == END_OF_TIME


def _size(view: AlertView) -> int:
    return sum(len(key) + MEMBER for key in view.group.members)


async def test_a_group_takes_as_many_alerts_as_can_travel_and_tells_of_them(group: Group) -> None:
    for number in range(5):
        keys = (f"{'k' * 190}{number}{one:05}" for one in range(1800))
        await group.sees(Sighted(firings=tuple(Firing(key, Severity.HIGH, Decimal(1)) for key in keys)))
    await group.told(1)
    async with asyncio.timeout(PATIENCE_S):
        while (size := _size(view := await group.view())) <= LARGEST - 600:
            await asyncio.sleep(0.1)
    assert size <= LARGEST
    assert len(to_json(view.group)) < 2_000_000


def test_known_members_always_have_room() -> None:
    full = AlertGroup("g", NOW, members={f"{number:0200}": Member(Severity.HIGH) for number in range(4000)})
    again = admitted(full, [Firing(f"{1:0200}", Severity.HIGH), Firing("new", Severity.HIGH)])
    assert ([one.key for one in again.firings], again.refused) == ([f"{1:0200}"], 1)
    assert admitted(AlertGroup("g", NOW), [Firing("new", Severity.HIGH)] * 2).refused == 0


@pytest.mark.parametrize(
    ("check", "news"),
    [
        (signal_checks.sighted, Sighted(firings=(Firing("k" * 201, Severity.LOW),))),
        (signal_checks.sighted, Sighted(gone=("k" * 201,))),
        (signal_checks.sighted, Sighted(inhibited_by="k" * 501)),
        (signal_checks.decided, Decided(keys=("k" * 201,))),
        (signal_checks.inhibited, Inhibited(by="k" * 501)),
        (signal_checks.details, DetailsAsked(keys=("k" * 201,))),
    ],
)
def test_what_is_longer_than_ours_is_refused(check: Callable[[object], object], news: object) -> None:
    with pytest.raises(InvalidInput, match="ignored"):
        check(news)


def test_what_our_own_senders_send_passes() -> None:
    news = Sighted(firings=(Firing("k" * 200, Severity.LOW, Decimal(1) / 3),), gone=("a",), observation="2026-11-28")
    assert signal_checks.sighted(news) is news
    order = ControlChange(state=ControlState.PAUSED, by="ann", reason="a test", at=NOW)
    assert signal_checks.control(order) is order
    assert not signal_checks.is_ahead(order, NOW - signal_checks.AHEAD)
    assert signal_checks.is_ahead(order, NOW - signal_checks.AHEAD - timedelta(seconds=1))
    at = {"first": NOW + timedelta(days=3), "expiry": NOW + timedelta(days=365)}
    woken = Wake(groups=(Followed(contacts=("a",), **at),))
    assert signal_checks.wake(woken, {"a", "b"}, NOW) is woken
    event = InvitationEvent(invitation_id="2026-11.u1.c1", kind=EventKind.SUBMITTED, at=END_OF_TIME)
    assert signal_checks.event(event, "2026-11", "u1") == "c1"
