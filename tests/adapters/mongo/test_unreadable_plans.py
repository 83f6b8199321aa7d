"""Plans that cannot be read are ended with a reason, and no wave comes for them again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bson import DatetimeMS, ObjectId

from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.documents import Raw
from relance.adapters.mongo.reconciliation import MongoReconcileRows
from relance.contracts.cycle import Boundary
from relance.domain.cycle.planning import PlanStatus
from relance.ids import invitation_id, plan_id
from tests.adapters.mongo.test_plans import _plan
from tests.support.mongo_people import AT, PERIOD

ALL = Boundary(after=None, last="zz", users=9)
NEVER_READ: dict[str, Raw] = {
    "zone": {"$set": {"zone": 5}},
    "no zone": {"$unset": {"zone": ""}},
    "local": {"$set": {"local": None}},
    "notes": {"$set": {"notes": "none"}},
    "late": {"$set": {"late": "perhaps"}},
    "contacts below 0": {"$set": {"contacts": -3}},
    "contacts in words": {"$set": {"contacts": "many"}},
    "user": {"$set": {"userId": "a.b"}},
    "updated never": {"$unset": {"updatedAt": ""}, "$set": {"status": "sending"}},
    "updated beyond the calendar": {"$set": {"updatedAt": DatetimeMS(10**15), "status": "sending"}},
}
NEVER_FOUND: dict[str, Raw] = {
    "instant null": {"$set": {"instant": None}},
    "instant missing": {"$unset": {"instant": ""}},
    "instant a string": {"$set": {"instant": "2026-11-05"}},
    "instant a number": {"$set": {"instant": 5}},
    "instant beyond the calendar": {"$set": {"instant": DatetimeMS(10**15)}},
    "status unknown": {"$set": {"status": "posted"}},
    "status null": {"$set": {"status": None}},
    "user missing": {"$unset": {"userId": ""}},
    "user a number": {"$set": {"userId": 7}},
    "period a number": {"$set": {"period": 202611}},
}


async def plans(db: Database) -> dict[Any, tuple[Any, Any]]:
    return {raw["_id"]: (raw["status"], raw.get("reason")) async for raw in db.raw.plans.find({}, {"instant": 0})}


@pytest.mark.parametrize("change", NEVER_READ.values(), ids=NEVER_READ)
async def test_a_plan_that_cannot_be_read_is_ended_by_its_batch_and_the_others_are_sent(
    db: Database, change: Raw
) -> None:
    await db.plans.write([_plan("a"), _plan("b"), _plan("c")])
    await db.raw.plans.update_one({"_id": plan_id(PERIOD, "b")}, change)
    assert [one.user_id for one in await db.plans.begin(PERIOD, AT, ALL, AT)] == ["a", "c"]
    await db.plans.finish(PERIOD, ["a", "c"], PlanStatus.DONE, AT)
    assert (await plans(db))[plan_id(PERIOD, "b")] == ("skipped", "unreadable")
    assert await db.plans.next_instant(PERIOD) is None
    assert (await db.plans.open_count(PERIOD), await db.plans.unreadable_count(PERIOD)) == (0, 1)
    assert await db.quarantine.count() == 1


@pytest.mark.parametrize("change", NEVER_FOUND.values(), ids=NEVER_FOUND)
async def test_a_plan_no_wave_would_find_is_ended_by_the_planning(db: Database, change: Raw) -> None:
    await db.plans.write([_plan("a"), _plan("b")])
    await db.raw.plans.update_one({"_id": plan_id(PERIOD, "b")}, change)
    # It hides nobody else, before it is ended and after.
    assert await db.plans.next_instant(PERIOD) == (AT, 1)
    assert [one.last for one in await db.plans.boundaries(PERIOD, AT, None, 1, 9)] == ["a"]
    assert await db.plans.end_unreadable(PERIOD, AT) == 1
    assert await db.plans.end_unreadable(PERIOD, AT) == 1
    assert (await plans(db))[plan_id(PERIOD, "b")] == ("skipped", "unreadable")
    assert await db.plans.open_count(PERIOD) == 1
    [aside] = await db.raw.quarantine.find({}).to_list(None)
    assert aside["_id"] == f"plans.{PERIOD}.b"
    found = MongoReconcileRows(db.raw)
    assert await found.periods() == [PERIOD]
    assert "a" in [one.user_id for one in await found.page(PERIOD, None, 9, at=AT, late_since=AT)]


async def test_a_plan_under_another_id_could_never_be_finished_and_is_ended(db: Database) -> None:
    await db.plans.write([_plan("a")])
    [raw] = await db.raw.plans.find({}).to_list(None)
    strange = ObjectId()
    await db.raw.plans.insert_one({**raw, "_id": strange, "userId": "b"})
    assert [one.user_id for one in await db.plans.begin(PERIOD, AT, ALL, AT)] == ["a"]
    assert (await plans(db))[strange] == ("skipped", "unreadable")


async def test_what_was_queued_for_it_is_skipped_and_the_balance_is_0(db: Database) -> None:
    await db.plans.write([_plan("a")])
    await db.plans.begin(PERIOD, AT, ALL, AT)
    entries = {"c1": "queued", "c2": "sending", "c3": "sent", "c4": "sending", "c5": "sending"}
    for contact, status in entries.items():
        key = {"_id": invitation_id(PERIOD, "a", contact), "period": PERIOD, "userId": "a", "contactId": contact}
        await db.raw.invitations.insert_one({**key, "status": status, "queuedAt": AT})
    # Its sender has it; its follow-up has it.
    await db.raw.invitations.update_one({"contactId": "c4"}, {"$set": {"claim": {"token": "t", "at": AT}}})
    await db.raw.invitations.update_one({"contactId": "c5"}, {"$set": {"retryAt": AT + timedelta(hours=1)}})
    await db.raw.plans.update_one({}, {"$set": {"zone": 5, "contacts": "many"}})
    await db.plans.begin(PERIOD, AT, ALL, AT)
    await db.plans.end_unreadable(PERIOD, AT)
    found = {raw["contactId"]: (raw["status"], raw.get("reason")) async for raw in db.raw.invitations.find()}
    assert found == {
        "c1": ("skipped", "unreadable"),
        "c2": ("skipped", "unreadable"),
        "c3": ("sent", None),
        "c4": ("sending", None),
        "c5": ("sending", None),
    }
    assert await db.plans.expected(PERIOD) == 5


async def test_what_has_ended_is_left_alone(db: Database) -> None:
    await db.plans.write([_plan("a"), _plan("b", status=PlanStatus.SKIPPED)])
    await db.plans.begin(PERIOD, AT, ALL, AT)
    await db.plans.finish(PERIOD, ["a"], PlanStatus.DONE, AT)
    await db.raw.plans.update_many({}, {"$set": {"zone": 5, "instant": None}})
    assert await db.plans.end_unreadable(PERIOD, AT) == 0
    assert {status for status, _ in (await plans(db)).values()} == {"done", "skipped"}
