"""What the watchdog asks the database (SPEC H3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from relance.adapters.mongo.connection import Database
from relance.domain.cycle.control import Control, ControlState
from relance.domain.health.watchdog import DuePlans
from relance.domain.invitations.restore import Restore
from tests.adapters.mongo.commands import Commands

AT = datetime(2026, 11, 5, 17, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATER = AT + timedelta(days=1)


async def plan(db: Database, user: str, period: str, instant: datetime, status: str = "planned") -> None:
    document = {"_id": f"{period}.{user}", "period": period, "userId": user, "instant": instant, "status": status}
    await db.raw.plans.insert_one(document)


async def invite(db: Database, contact: str, period: str = "2026-11", **fields: Any) -> None:
    document = {"_id": f"{period}.u1.{contact}", "period": period, "userId": "u1", "contactId": contact}
    await db.raw.invitations.insert_one({**document, "status": "sending", "queuedAt": AT, **fields})


async def test_plans_are_due_by_period_when_their_instant_is_past_and_they_are_not_done(db: Database) -> None:
    await plan(db, "u1", "2026-11", AT)
    await plan(db, "u2", "2026-11", AT - MINUTE, "sending")
    await plan(db, "u3", "2026-11", AT + MINUTE)
    await plan(db, "u4", "2026-11", AT - MINUTE, "done")
    await plan(db, "u1", "2026-10", AT - 2 * MINUTE)
    await plan(db, "u2", "2026-09", AT, "skipped")
    await db.controls.change(Control(id="2026-10", state=ControlState.PAUSED, by="ann", reason="x", at=AT))
    assert await db.effects.plans_due(AT + timedelta(seconds=1)) == [
        DuePlans("2026-10", 1, AT - 2 * MINUTE, held_by="ann"),
        DuePlans("2026-11", 2, AT - MINUTE),
    ]


async def test_a_cycle_that_was_resumed_is_not_held(db: Database) -> None:
    await plan(db, "u1", "2026-10", AT)
    for state in (ControlState.PAUSED, ControlState.RUNNING):
        await db.controls.change(Control(id="2026-10", state=state, by="ann", reason="x", at=AT))
    assert (await db.effects.plans_due(AT + MINUTE))[0].held_by is None


async def test_the_last_mail_is_that_of_these_periods(db: Database) -> None:
    assert await db.effects.last_mail(["2026-11"], LATER) is None
    await invite(db, "c0")
    assert await db.effects.last_mail(["2026-11"], LATER) is None
    await invite(db, "c1", sentAt=AT)
    await invite(db, "c2", sentAt=AT + MINUTE)
    await invite(db, "c3", "2026-10", sentAt=AT + 2 * MINUTE)
    assert await db.effects.last_mail(["2026-11"], LATER) == AT + MINUTE


async def test_the_last_mail_is_looked_for_first_where_mails_are_being_sent(commands: Commands, db: Database) -> None:
    await plan(db, "u1", "2026-11", AT, "sending")
    await invite(db, "c1", sentAt=AT)
    await invite(db, "c2", "2026-11", sentAt=AT + MINUTE)
    commands.sent.clear()
    assert await db.effects.last_mail(["2026-11"], AT) == AT + MINUTE
    assert [command["pipeline"][0] for command in commands.named("aggregate")] == [
        {"$match": {"period": "2026-11", "userId": {"$in": ["u1"]}}}
    ]


async def test_mails_are_stuck_when_they_were_claimed_long_ago(db: Database) -> None:
    for number, at in enumerate((AT - MINUTE, AT, AT + MINUTE)):
        await invite(db, f"c{number}", claim={"kind": "invitation", "token": "t", "at": at})
    await invite(db, "c9")
    assert await db.effects.stuck_claims(["2026-11"], AT + timedelta(seconds=1)) == 2
    assert await db.effects.stuck_claims(["2026-10"], AT + timedelta(days=1)) == 0


async def test_the_last_restore_is_the_one_that_counts(db: Database) -> None:
    assert await db.restores.last() is None
    for number in range(2):
        await db.restores.record(Restore(since=AT + number * MINUTE, at=AT + timedelta(days=1)))
    last = await db.restores.last()
    assert last is not None
    assert last.since == AT + MINUTE
