from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import TimeSkipper

from relance import ids
from relance.contracts.alerts import AlertView, Decided, DetailsAsked, Inhibited, Sighted, SilencedKeys
from relance.domain.alerts.group import AlertCounts
from relance.domain.alerts.lifecycle import Firing
from relance.domain.alerts.model import AlertState
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.failures import Severity
from relance.temporal.alert_groups import TemporalAlertGroups
from tests.support.asking import answered
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve
from tests.workflows.desk import Newsroom

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def firing(key: str = "a", severity: Severity = Severity.HIGH, value: int = 100) -> Firing:
    return Firing(key, severity, Decimal(value))


def seen(*firings: Firing, observation: str = "2026-11-21") -> Sighted:
    return Sighted(firings=firings, observation=observation, whole=True)


@dataclass
class Group:
    """One group of alerts with its channels, moved through time."""

    client: Client
    skipper: TimeSkipper
    room: Newsroom
    name: str = field(default_factory=lambda: f"group-{uuid4().hex[:8]}")

    @property
    def groups(self) -> TemporalAlertGroups:
        return TemporalAlertGroups(self.client, AlertPolicy())

    @property
    def handle(self) -> WorkflowHandle[object, AlertCounts]:
        return self.client.get_workflow_handle(ids.alert_workflow_id(self.name), result_type=AlertCounts)

    async def sees(self, news: Sighted) -> None:
        await self.groups.sighted(self.name, news)

    async def decides(self, *keys: str, until: datetime | None = None) -> None:
        """Store a decision and signal it, as the service does."""
        self.room.decide(*keys, until=until)
        await self.groups.notify(self.name, Decided(keys=keys, until=until))

    async def passes(self, span: timedelta) -> None:
        await self.skipper.fast_forward(self.handle, span)

    async def view(self) -> AlertView:
        found: AlertView = await answered(lambda: self.handle.query("view", result_type=AlertView))
        return found

    async def until(self, holds: Callable[[], bool | Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await _answer(holds()):
                await asyncio.sleep(0.05)

    async def view_has(self, outcome: str) -> bool:
        return any(outcome in one.outcomes.values() for one in (await self.view()).deliveries)

    async def told(self, messages: int, channel: str = "slack") -> list[tuple[str, int, int]]:
        await self.until(lambda: len(self.room.told(channel)) >= messages)
        return self.room.told(channel)


async def _answer(value: bool | Awaitable[bool]) -> bool:
    return value if isinstance(value, bool) else await value


@pytest.fixture
async def group(client: Client, skipper: TimeSkipper, serving: Serve) -> AsyncIterator[Group]:
    own = Group(client, skipper, Newsroom())
    async with serving(own.room.activities()):
        yield own
        if (await own.handle.describe()).status is WorkflowExecutionStatus.RUNNING:
            await own.handle.terminate()


async def test_what_one_run_saw_is_one_message_to_every_channel_that_is_to_have_it(group: Group) -> None:
    await group.sees(seen(firing("a"), firing("b")))
    assert await group.told(1) == [("firing", 0, 2)]
    assert group.room.told("inbox") == [("firing", 0, 2)]
    assert group.room.told("mail") == []
    await group.until(lambda: group.room.events("a") == ["opened", "sent"])
    view = await group.view()
    assert (view.group.counts.fired, view.group.counts.delivered) == (2, 1)
    assert view.deliveries[0].outcomes == {"inbox": "delivered", "slack": "delivered"}


async def test_the_same_run_again_says_nothing(group: Group) -> None:
    for _ in range(2):
        await group.sees(seen(firing("a")))
        await group.told(1)
    await group.until(lambda: "suppressed" in group.room.events("a"))
    assert group.room.told() == [("firing", 0, 1)]


async def test_high_is_repeated_after_four_hours_unless_somebody_acknowledges(group: Group) -> None:
    await group.sees(seen(firing("a"), firing("b")))
    await group.told(1)
    await group.decides("a")
    await group.passes(4 * HOUR + MINUTE)
    assert await group.told(2) == [("firing", 0, 2), ("repeat", 1, 1)]
    assert [line.key for line in group.room.posts[-1].lines] == ["b"]


async def test_what_is_gone_is_told_as_resolved_once_and_the_group_ends(group: Group) -> None:
    await group.sees(seen(firing("a")))
    await group.told(1)
    await group.sees(seen(observation="2026-11-22"))
    await group.passes(HOUR + 6 * MINUTE)
    assert await group.told(2) == [("firing", 0, 1), ("resolved", 1, 1)]
    counts = await group.handle.result()
    assert (counts.fired, counts.delivered, counts.resolved) == (1, 2, 1)
    assert group.room.events("a") == ["opened", "sent", "resolved", "sent"]


async def test_after_its_end_a_group_opens_anew(group: Group) -> None:
    for day in (21, 23):
        await group.sees(seen(firing("a"), observation=f"2026-11-{day}"))
        await group.told(1)
        await group.sees(seen(observation=f"2026-11-{day + 1}"))
        await group.passes(HOUR + 6 * MINUTE)
        await group.handle.result()
        assert group.room.told() == [("firing", 0, 1), ("resolved", 1, 1)]
        group.room.posts.clear()


async def test_critical_goes_to_the_second_channel_after_fifteen_minutes_without_an_answer(group: Group) -> None:
    await group.sees(seen(firing("a", Severity.CRITICAL)))
    await group.told(1)
    await group.passes(16 * MINUTE)
    assert await group.told(1, "mail") == [("escalation", 1, 1)]
    assert group.room.told("slack") == [("firing", 0, 1)]


async def test_when_a_channel_is_gone_the_next_one_steps_in(group: Group) -> None:
    group.room.broken = {"slack"}
    await group.sees(seen(firing("a")))
    assert await group.told(1, "mail") == [("firing", 0, 1)]
    await group.until(lambda: "sent" in group.room.events("a"))
    outcomes = (await group.view()).deliveries[0].outcomes
    assert outcomes == {"inbox": "delivered", "slack": "ChannelGone", "mail": "delivered"}


async def test_a_message_no_channel_takes_is_tried_again_as_the_same_message_with_what_came_meanwhile(
    group: Group,
) -> None:
    group.room.busy = {"slack", "mail"}
    group.room.always = ()
    await group.sees(seen(firing("a")))
    await group.until(_has_tried(group))
    await group.sees(seen(firing("a"), firing("b")))
    group.room.busy = set()
    await group.passes(6 * MINUTE)
    assert await group.told(1) == [("firing", 0, 2)]
    assert "sent" not in [str(entry.event) for entry in group.room.entries if entry.at < group.room.posts[0].at]


def _has_tried(group: Group) -> Callable[[], Awaitable[bool]]:
    async def tried() -> bool:
        return bool((await group.view()).deliveries)

    return tried


async def test_with_every_channel_gone_but_the_inbox_the_inbox_is_enough(group: Group) -> None:
    group.room.broken = {"slack", "mail"}
    await group.sees(seen(firing("a")))
    assert await group.told(1, "inbox") == [("firing", 0, 1)]
    await group.until(lambda: "sent" in group.room.events("a"))


async def test_a_group_that_another_alert_explains_is_told_only_when_that_one_is_over(group: Group) -> None:
    group.room.causes = ("everflow-down",)
    await group.sees(seen(firing("default-lp/a")).model_copy(update={"inhibited_by": "everflow-down"}))
    await group.until(lambda: "suppressed" in group.room.events("default-lp/a"))
    assert group.room.posts == []
    group.room.causes = ()
    await group.groups.notify(group.name, Inhibited(by=None))
    assert await group.told(1) == [("firing", 0, 1)]


async def test_an_alert_that_opens_under_a_silence_is_told_when_the_silence_ends(group: Group) -> None:
    end = datetime.now(UTC) + HOUR
    news = seen(firing("a")).model_copy(update={"silenced": (SilencedKeys(keys=("a",), until=end),)})
    group.room.decide("a", until=end)
    await group.sees(news)
    await group.until(lambda: "opened" in group.room.events("a"))
    assert group.room.posts == []
    await group.passes(HOUR + MINUTE)
    assert await group.told(1) == [("firing", 0, 1)]
    assert "silence_ended" in group.room.events("a")


async def test_a_decision_that_only_a_signal_knows_of_was_never_made(group: Group) -> None:
    await group.sees(seen(firing("a"), firing("b")))
    await group.told(1)
    century = datetime(2099, 1, 1, tzinfo=UTC)
    forged = (
        ("decided", Decided(keys=("a",), until=century)),
        ("decided", Decided(keys=("a",))),
        ("sighted", Sighted(silenced=(SilencedKeys(keys=("a",), until=century),), inhibited_by="everflow-down")),
        ("inhibited", Inhibited(by="everflow-down")),
    )
    for name, news in forged:
        await group.handle.signal(name, news)
    # A real one, so that it is known when the forged ones before it have been taken in.
    await group.decides("b")
    await group.until(lambda: _state(group, "b", AlertState.ACKNOWLEDGED))
    view = await group.view()
    assert (view.group.members["a"].state, view.group.inhibited_by) == (AlertState.FIRING, None)
    await group.passes(4 * HOUR + MINUTE)
    assert await group.told(2) == [("firing", 0, 2), ("repeat", 1, 1)]


async def test_a_signal_counts_for_what_the_database_says_and_not_for_what_it_claims(group: Group) -> None:
    await group.sees(seen(firing("a")))
    await group.told(1)
    end = datetime.now(UTC) + HOUR
    group.room.decide("a", until=end)
    await group.groups.notify(group.name, Decided(keys=("a",), until=end + 1000 * HOUR))
    await group.until(lambda: _state(group, "a", AlertState.SILENCED))
    assert (await group.view()).group.members["a"].silenced_until == end
    group.room.stored.clear()
    await group.groups.notify(group.name, Decided(keys=("a",), until=datetime.now(UTC)))
    await group.until(lambda: _state(group, "a", AlertState.FIRING))


async def _state(group: Group, key: str, state: AlertState) -> bool:
    return (await group.view()).group.members[key].state is state


async def test_whoever_asks_gets_the_details_to_the_last_message(group: Group) -> None:
    await group.sees(seen(firing("a"), firing("b")))
    await group.told(1)
    assert await group.groups.notify(group.name, DetailsAsked(keys=("b", "unknown")))
    assert await group.told(2) == [("firing", 0, 2), ("details", 0, 1)]
    repeat = group.room.posts[-1].next_repeat
    assert repeat is not None
    assert abs(repeat - group.room.posts[0].at - 4 * HOUR) < MINUTE


async def test_an_alert_only_the_database_knows_is_closed_there(group: Group) -> None:
    await group.sees(seen(firing("a")))
    await group.told(1)
    await group.sees(seen(firing("a")).model_copy(update={"gone": ("orphan",)}))
    await group.until(lambda: group.room.events("orphan") == ["resolved"])


async def test_a_storm_is_few_messages_and_survives_continuing_as_new(group: Group) -> None:
    for number in range(300):
        await group.sees(Sighted(firings=(firing(f"k{number}"), firing("same"))))
    await group.told(1)
    await group.passes(16 * MINUTE)
    await group.until(lambda: len({entry.key for entry in group.room.entries if entry.event == "sent"}) == 301)
    view = await group.view()
    assert view.group.counts.fired == 301
    assert view.group.counts.delivered == len(group.room.told()) <= 4
    assert {one.opened_at for one in group.room.posts} == {view.group.opened_at}
    described = await group.handle.describe()
    assert described.run_id != described.raw_description.workflow_execution_info.first_run_id


async def test_nobody_is_told_about_a_group_that_is_not_there(group: Group) -> None:
    assert not await group.groups.notify(f"{group.name}-other", Inhibited(by=None))
    await group.sees(seen(firing("a")))
