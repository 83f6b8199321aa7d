"""Follow-ups hear of every event in the database, whoever died and however long Temporal was away (SPEC G1)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from relance.adapters.mongo.connection import Database
from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.events import EventKind
from relance.errors import DependencyUnavailable
from relance.ports import Lag
from relance.services import notifying
from relance.services.events import EventIntake
from relance.services.notifying import SETTLED, Notifier
from tests.support.event_api import invited
from tests.support.fakes import FakeFollowUps, FixedClock
from tests.support.patience import PATIENCE_S

NOW = datetime(2026, 11, 6, 9, 30, tzinfo=UTC)


@dataclass
class Temporal(FakeFollowUps):
    """Can be away; remembers the periods that were asked to plan anew."""

    away: bool = False
    replanned: list[str] = field(default_factory=list)
    known_parts: list[int | None] = field(default_factory=list)

    async def notify(self, event: InvitationEvent, *, parts: int | None = None) -> bool:
        if self.away:
            raise DependencyUnavailable("Temporal", "not now")
        self.known_parts.append(parts)
        return await super().notify(event)

    async def replan(self, period: str) -> bool:
        if self.away:
            raise DependencyUnavailable("Temporal", "not now")
        self.replanned.append(period)
        return True


@dataclass
class House:
    """One process: where events come in, and what notifies; both with the same clock."""

    db: Database
    temporal: Temporal = field(default_factory=Temporal)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    lags: list[Lag] = field(default_factory=list)

    def notifier(self) -> Notifier:
        return Notifier(
            outbox=self.db.outbox,
            follow_ups=self.temporal,
            parts=self.db.ledger,
            replan=self.temporal.replan,
            clock=self.clock,
            zone="Europe/Paris",
            show=lambda lag, _: self.lags.append(lag),
        )

    async def take(self, id_: str, kind: EventKind, notifier: Notifier | None = None) -> None:
        intake = EventIntake(
            ledger=self.db.ledger,
            contacts=self.db.contacts,
            suppressions=self.db.suppressions,
            follow_ups=self.temporal,
            clock=self.clock,
            outbox=self.db.outbox,
            **({"notify": notifier.notify} if notifier else {}),
        )
        await intake.take_all([InvitationEvent(invitation_id=id_, kind=kind, at=self.clock.at)])


@pytest.fixture
def house(db: Database) -> House:
    return House(db)


async def _empty(db: Database, waiting: int = 0) -> None:
    """Wait until so many notices are left: they are taken away behind the signal."""
    async with asyncio.timeout(PATIENCE_S):
        while (await db.outbox.lag()).waiting != waiting:
            await asyncio.sleep(0.02)


async def test_what_this_process_has_written_is_signalled_at_once_and_leaves_the_outbox(house: House) -> None:
    ids = await invited(house.db, ["c1", "c2"])
    notifier = house.notifier()
    running = asyncio.create_task(notifier.run())
    await house.take(ids[0], EventKind.SUBMITTED, notifier)
    await house.take(ids[1], EventKind.OPENED, notifier)
    await _empty(house.db)
    running.cancel()
    assert [(one.invitation_id, one.kind) for one in house.temporal.told] == [(ids[0], EventKind.SUBMITTED)]
    assert house.temporal.known_parts == [1]


async def test_what_a_dead_process_has_left_is_taken_up_by_another_one_after_a_while(house: House) -> None:
    [id_] = await invited(house.db, ["c1"])
    await house.take(id_, EventKind.OPTED_OUT)
    await house.notifier().sweep()
    assert house.temporal.told == []
    house.clock.at = NOW + SETTLED + timedelta(seconds=1)
    assert (await house.db.outbox.lag()).seconds(house.clock.at) == pytest.approx(11)
    await house.notifier().sweep()
    assert [one.invitation_id for one in house.temporal.told] == [id_]
    await _empty(house.db)
    await house.notifier().sweep()
    assert len(house.temporal.told) == 1


async def test_while_temporal_is_away_everything_waits_and_then_goes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifying, "SWEEP_S", 0.02)
    monkeypatch.setattr(notifying, "PAGE", 7)
    contacts = [f"c{number:02}" for number in range(40)]
    ids = await invited(house.db, contacts)
    house.temporal.away = True
    notifier = house.notifier()
    running = asyncio.create_task(notifier.run())
    for number, id_ in enumerate(ids):
        house.clock.at = NOW + timedelta(milliseconds=number)
        await house.take(id_, EventKind.SUBMITTED, notifier)
    await house.db.outbox.ask_replan(NOW)
    house.clock.at = NOW + timedelta(minutes=1)
    assert (await house.db.outbox.lag()).waiting == 41
    house.temporal.away = False
    await _empty(house.db)
    running.cancel()
    assert {one.invitation_id for one in house.temporal.told} == set(ids)
    assert house.temporal.replanned == ["2026-11", "2026-12"]
    assert max(one.waiting for one in house.lags) > 0


async def test_a_newer_event_is_not_taken_away_by_the_signal_of_the_one_before(house: House) -> None:
    [id_] = await invited(house.db, ["c1"])
    first = InvitationEvent(invitation_id=id_, kind=EventKind.BOUNCED, at=NOW)
    await house.take(id_, EventKind.SUBMITTED)
    await house.db.outbox.done([first])
    assert (await house.db.outbox.lag()).waiting == 1


async def test_who_asks_for_a_plan_while_one_is_made_gets_another(house: House) -> None:
    await house.db.outbox.ask_replan(NOW)
    asked = await house.db.outbox.replan_asked()
    await house.db.outbox.ask_replan(NOW + timedelta(seconds=1))
    await house.db.outbox.replanned(asked)
    assert await house.db.outbox.replan_asked() == asked + 1
    assert (await house.db.outbox.lag()).oldest == NOW
    await house.db.outbox.replanned(asked + 1)
    assert (await house.db.outbox.replan_asked(), await house.db.outbox.lag()) == (0, Lag())
    await house.db.outbox.ask_replan(NOW + timedelta(hours=1))
    assert (await house.db.outbox.lag()).oldest == NOW + timedelta(hours=1)


async def test_changes_of_preferences_that_come_together_share_a_plan(house: House) -> None:
    notifier = house.notifier()
    for _ in range(3):
        await house.db.outbox.ask_replan(NOW)
        await notifier.sweep()
    assert house.temporal.replanned == ["2026-11", "2026-12"]
    assert await house.db.outbox.replan_asked() > 0


async def test_users_in_zones_far_behind_are_planned_anew_in_the_month_they_are_in(house: House) -> None:
    house.clock.at = datetime(2026, 12, 1, 3, tzinfo=UTC)
    await house.db.outbox.ask_replan(house.clock.at)
    await house.notifier().sweep()
    assert house.temporal.replanned == ["2026-11", "2026-12", "2027-01"]


async def test_a_notice_of_a_newer_version_holds_no_other_up_and_is_counted(house: House) -> None:
    ids = await invited(house.db, ["c1", "c2"])
    for id_ in ids:
        await house.take(id_, EventKind.SUBMITTED)
        house.clock.at += timedelta(seconds=1)
    await house.db.raw.invitations.update_one({"_id": ids[0]}, {"$set": {"notice.kind": "forwarded"}})
    house.clock.at += SETTLED
    await house.notifier().sweep()
    assert [one.invitation_id for one in house.temporal.told] == [ids[1]]
    await _empty(house.db, 1)


async def test_a_notice_that_fails_in_a_way_nobody_has_foreseen_holds_no_other_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await invited(house.db, [f"c{number}" for number in range(notifying.AT_ONCE + 2)])
    for id_ in ids:
        await house.take(id_, EventKind.SUBMITTED)
        house.clock.at += timedelta(seconds=1)
    notify = house.temporal.notify

    async def fail_for_the_first(event: InvitationEvent, *, parts: int | None = None) -> bool:
        if event.invitation_id == ids[0]:
            raise RuntimeError
        return await notify(event, parts=parts)

    monkeypatch.setattr(house.temporal, "notify", fail_for_the_first)
    house.clock.at += SETTLED
    await house.notifier().sweep()
    assert {event.invitation_id for event in house.temporal.told} == set(ids[1:])
    await _empty(house.db, 1)


async def _told_while_events_come_in(house: House, monkeypatch: pytest.MonkeyPatch, crowd: int) -> int:
    """Return how many of eight follow-ups hear of their event if a rest lasts for ever."""
    monkeypatch.setattr(notifying, "GIVE_WAY_S", 10 * PATIENCE_S)
    monkeypatch.setattr(notifying, "QUIET_S", 10 * PATIENCE_S)
    monkeypatch.setattr(notifying, "CROWD", crowd)
    monkeypatch.setattr(notifying, "FRESH_PAGE", 2)
    notifier = house.notifier()
    for id_ in await invited(house.db, [f"c{number}" for number in range(8)]):
        await house.take(id_, EventKind.SUBMITTED, notifier)
    told = -1
    async with notifying.notifying(notifier), asyncio.timeout(PATIENCE_S):
        while told < 2 or len(house.temporal.told) > told:
            told = len(house.temporal.told)
            await asyncio.sleep(0.2)
    return told


async def test_while_events_come_in_notices_give_way_to_those_who_wait_for_answers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await _told_while_events_come_in(house, monkeypatch, crowd=1_000) == 2


async def test_notices_of_which_too_many_wait_give_way_to_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _told_while_events_come_in(house, monkeypatch, crowd=2) == 8


async def test_an_error_nobody_has_foreseen_ends_no_loop_and_is_logged_without_its_text(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notifying, "SWEEP_S", 0.02)
    ids = await invited(house.db, ["c1", "c2"])
    notifier, notify = house.notifier(), house.temporal.notify

    async def fail(event: InvitationEvent, *, parts: int | None = None) -> bool:
        raise RuntimeError(f"{event} {parts}")

    monkeypatch.setattr(house.temporal, "notify", fail)
    async with notifying.notifying(notifier):
        await house.take(ids[0], EventKind.SUBMITTED, notifier)
        async with asyncio.timeout(PATIENCE_S):
            while not _said(caplog):
                await asyncio.sleep(0.02)
        house.clock.at += SETTLED + timedelta(seconds=1)
        await asyncio.sleep(0.1)
        monkeypatch.setattr(house.temporal, "notify", notify)
        await house.take(ids[1], EventKind.SUBMITTED, notifier)
        house.clock.at += SETTLED + timedelta(seconds=1)
        await _empty(house.db)
    assert {one.invitation_id for one in house.temporal.told} == set(ids)
    assert _said(caplog) == {"follow-ups are notified later: RuntimeError"}


async def test_the_command_line_leaves_nothing_in_the_outbox_that_it_has_signalled(house: House) -> None:
    [id_] = await invited(house.db, ["c1"])
    intake = EventIntake(
        ledger=house.db.ledger,
        contacts=house.db.contacts,
        suppressions=house.db.suppressions,
        follow_ups=house.temporal,
        clock=house.clock,
        outbox=house.db.outbox,
    )
    house.temporal.away = True
    with pytest.raises(DependencyUnavailable):
        await intake.take(id_, EventKind.SUBMITTED)
    assert (await house.db.outbox.lag()).waiting == 1
    [other] = await invited(house.db, ["c2"])
    house.temporal.away = False
    await intake.take(other, EventKind.SUBMITTED)
    await _empty(house.db, 1)


def _said(caplog: pytest.LogCaptureFixture) -> set[str]:
    return {record.getMessage() for record in caplog.records if record.name == notifying.__name__}
