"""What followed the reminders, counted by the server; the same counted one by one is the oracle."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.documents import MotorDatabase, Raw
from relance.adapters.mongo.effectiveness import MongoEffectiveness
from relance.adapters.mongo.ranges import Ranges
from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.effectiveness import WINDOW, Arm, ReminderGroup
from relance.domain.invitations.events import EventKind
from relance.domain.invitations.invitation import Invitation, MailKind
from tests.support.mongo_people import AT, PERIOD
from tests.support.reminder_groups import whole

NOW = AT + timedelta(days=20)
ZONES = ("Europe/Paris", "Asia/Kathmandu", "America/New_York")
HOUR = timedelta(hours=1)


def entry(number: int, user: str = "u1", **fields: Any) -> Raw:
    return {
        "_id": f"{PERIOD}.{user}.c{number:04}",
        "period": PERIOD,
        "userId": user,
        "contactId": f"c{number:04}",
        "status": "sent",
        "queuedAt": AT,
        "sentAt": AT,
        **fields,
    }


def reminded(kind: str = "first", at: datetime = AT + timedelta(days=3)) -> Raw:
    return {"type": kind, "sentAt": at, "messageId": "<m@x>"}


def skipped(reason: str, kind: str = "first", at: datetime = AT + timedelta(days=3)) -> Raw:
    return {"type": kind, "reason": reason, "at": at}


async def store(db: Database, entries: list[Raw]) -> None:
    await db.raw.invitations.insert_many(entries)
    users = sorted({one["userId"] for one in entries})
    await db.raw.plans.insert_many(
        [
            {"_id": f"{PERIOD}.{user}", "period": PERIOD, "userId": user, "zone": ZONES[int(user[1:]) % 3]}
            for user in users
        ]
    )


async def groups(db: Database, now: datetime = NOW) -> list[ReminderGroup]:
    return [group async for group in db.effectiveness.groups(PERIOD, now)]


async def test_a_period_without_reminders_has_no_groups(db: Database) -> None:
    assert await groups(db) == []
    await store(db, [entry(1), entry(2, reminders=[], reminderSkips=[skipped("submitted")])])
    assert await groups(db) == []


async def test_an_answer_counts_within_72_hours_after_the_reminder_and_not_before_it(db: Database) -> None:
    at = AT + timedelta(days=3)
    moments = [at - HOUR, at, at + timedelta(seconds=1), at + WINDOW, at + WINDOW + timedelta(seconds=1)]
    answered: Raw = {"status": "submitted", "reminders": [reminded(at=at)]}
    await store(db, [entry(number, submittedAt=moment, **answered) for number, moment in enumerate(moments)])
    [group] = await groups(db)
    assert (group.count, group.watched, group.submitted, group.opted_out) == (5, 5, 2, 0)
    assert (group.kind, group.arm, group.at, group.zone) == (MailKind.FIRST, Arm.SENT, at, ZONES[1])


async def test_a_window_that_is_not_over_is_not_watched(db: Database) -> None:
    at = AT + timedelta(days=3)
    await store(db, [entry(1, status="submitted", submittedAt=at + HOUR, reminders=[reminded(at=at)])])
    for now, watched in ((at + WINDOW - timedelta(seconds=1), 0), (at + WINDOW, 1)):
        [group] = await groups(db, now)
        assert (group.count, group.watched, group.submitted) == (1, watched, watched)


async def test_opt_outs_and_complaints_count_and_other_endings_do_not(db: Database) -> None:
    ended = AT + timedelta(days=3) + HOUR
    endings = [("cancelled", "opted_out"), ("cancelled", "complained"), ("cancelled", "cycle_rolled_back")]
    entries = [
        entry(number, status=status, reason=reason, endedAt=ended, reminders=[reminded()])
        for number, (status, reason) in enumerate([*endings, ("bounced", "bounced")])
    ]
    await store(db, entries)
    [group] = await groups(db)
    assert (group.watched, group.opted_out) == (4, 2)


async def test_events_leave_what_is_counted(db: Database) -> None:
    """The ledger stores the instants itself when it is told of an answer or an opt-out."""
    await store(db, [entry(number, reminders=[reminded()]) for number in range(3)])
    for number, kind in ((0, EventKind.SUBMITTED), (1, EventKind.OPTED_OUT)):
        at = AT + timedelta(days=3) + HOUR
        assert await db.ledger.apply_event(InvitationEvent(invitation_id=f"{PERIOD}.u1.c{number:04}", kind=kind, at=at))
    [group] = await groups(db)
    assert (group.count, group.submitted, group.opted_out) == (3, 1, 1)


async def test_arms_are_told_apart_by_the_recorded_reason(db: Database) -> None:
    both: Raw = {"heldOut": ["first", "second"]}
    await store(
        db,
        [
            entry(1, reminderSkips=[skipped("holdout"), skipped("holdout", "second")], **both),
            entry(2, reminders=[reminded()], reminderSkips=[skipped("holdout", "second")], heldOut=["second"]),
            entry(3, reminderSkips=[skipped("hard_recipient")]),
            entry(4, reminderSkips=[skipped("uncertain")]),
            entry(5, reminderSkips=[skipped("reminders_off"), skipped("submitted", "second")]),
            entry(6, reminders=[{"type": "correction", "sentAt": AT, "messageId": "<m@x>"}]),
        ],
    )
    found = Counter[tuple[str, str, bool]]()
    for group in await groups(db):
        found[group.kind, group.arm, group.earlier_held_out] += group.count
    assert found == {
        ("first", "held_out", False): 1,
        ("second", "held_out", True): 1,
        ("first", "sent", False): 1,
        ("second", "held_out", False): 1,
        ("first", "failed", False): 2,
    }


@pytest.mark.parametrize("entries_at_a_time", [7, 40, 10_000])
async def test_the_server_counts_what_counting_one_by_one_counts(
    db: Database, served: MotorDatabase, entries_at_a_time: int
) -> None:
    effectiveness = MongoEffectiveness(served.invitations, Ranges(size=entries_at_a_time))
    dice = random.Random(5)
    entries = [chance_entry(number, dice) for number in range(600)]
    await store(db, entries)
    found, wanted = (
        whole([one async for one in effectiveness.groups(PERIOD, NOW)]),
        whole(one for each in entries for one in one_by_one(each)),
    )
    assert found.keys() == wanted.keys()
    for kind, effect in found.items():
        assert effect == wanted[kind]
        assert effect.total.sent > 100
        assert effect.held_out.watched > 10


def chance_entry(number: int, dice: random.Random) -> Raw:
    one = entry(number, f"u{dice.randrange(40)}")
    held = dice.choice([None, None, None, ["first", "second"], ["second"]])
    if held:
        one["heldOut"] = held
    for kind, days in (("first", 3), ("second", 7)):
        at = AT + timedelta(days=days, minutes=dice.randrange(1500))
        if dice.random() < 0.85:
            kept = (kind in held) if held else False
            reason = "holdout" if kept else "throttled"
            if kept or dice.random() < 0.1:
                one.setdefault("reminderSkips", []).append(skipped(reason, kind, at))
            else:
                one.setdefault("reminders", []).append(reminded(kind, at))
    ended = AT + timedelta(days=3, hours=dice.randrange(400))
    match dice.randrange(4):
        case 0:
            one |= {"status": "submitted", "submittedAt": ended, "endedAt": ended}
        case 1:
            one |= {"status": "cancelled", "reason": "opted_out", "endedAt": ended}
    return one


def one_by_one(raw: Raw) -> list[ReminderGroup]:
    found = Invitation.model_validate(raw)
    events = [(one.type, Arm.SENT, one.sent_at) for one in found.reminders]
    arms = {"holdout": Arm.HELD_OUT, "throttled": Arm.FAILED}
    events += [(one.type, arms[one.reason], one.at) for one in found.reminder_skips]
    result = []
    for kind, arm, at in events:
        over = at + WINDOW <= NOW
        submitted = over and found.submitted_at is not None and at < found.submitted_at <= at + WINDOW
        opted = (
            over and found.reason == "opted_out" and found.ended_at is not None and at < found.ended_at <= at + WINDOW
        )
        earlier = kind is MailKind.SECOND and MailKind.FIRST in (found.held_out or ())
        zone = ZONES[int(found.user_id[1:]) % 3]
        result.append(ReminderGroup(PERIOD, kind, arm, at, zone, 1, int(over), int(submitted), int(opted), earlier))
    return result


async def test_periods_are_named_newest_first(db: Database) -> None:
    assert await db.effectiveness.periods() == []
    older = {**entry(1), "_id": "x", "period": "2026-09"}
    await db.raw.invitations.insert_many([older, entry(2), entry(3)])
    assert await db.effectiveness.periods() == [PERIOD, "2026-09"]


async def test_a_user_without_a_plan_is_counted_in_utc(db: Database) -> None:
    await db.raw.invitations.insert_one(entry(1, reminders=[reminded()]))
    assert [group.zone for group in await groups(db)] == ["UTC"]
