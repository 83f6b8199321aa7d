from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relance.adapters.mongo.archive import MongoArchive
from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.documents import MotorDatabase, Raw, to_raw
from relance.domain.cycle.planning import Plan
from relance.domain.invitations.invitation import Invitation
from relance.domain.jobs.retention import Sweep, Unsettled

PERIOD, OTHER = "2026-05", "2026-11"
NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
SENT_AT = datetime(2026, 5, 5, 16, 0, tzinfo=UTC)
LONG_AGO, LATELY = NOW - timedelta(days=500), NOW - timedelta(days=1)


@pytest.fixture
def archive(db: Database, served: MotorDatabase) -> MongoArchive:
    return MongoArchive(served, db.suppressions)


def entry(contact: str, status: str = "submitted", user: str = "u1", period: str = PERIOD, **fields: Any) -> Raw:
    return {
        "_id": f"{period}.{user}.{contact}",
        "period": period,
        "userId": user,
        "contactId": contact,
        "status": status,
        "messageId": f"<{period}.{user}.{contact}.invitation@form.example>",
        "sentAt": SENT_AT,
        "queuedAt": SENT_AT,
        "dueAt": {
            "first": SENT_AT + timedelta(days=3),
            "second": SENT_AT + timedelta(days=7),
            "expiry": SENT_AT + timedelta(days=30),
        },
        "reminders": [{"type": "first", "sentAt": SENT_AT + timedelta(days=3), "messageId": f"<{contact}@form>"}],
        **fields,
    }


def plan(user: str, status: str = "done", period: str = PERIOD) -> Raw:
    return {
        "_id": f"{period}.{user}",
        "period": period,
        "userId": user,
        "instant": SENT_AT,
        "local": "2026-05-05T18:00:00",
        "zone": "Europe/Paris",
        "status": status,
        "contacts": 1,
        "updatedAt": SENT_AT,
    }


async def unsettled(archive: MongoArchive) -> Unsettled:
    return await archive.unsettled(PERIOD, timers_after=NOW, doubts_since=NOW - timedelta(days=30))


async def sweep_all(archive: MongoArchive, sweep: Sweep, before: datetime = NOW, size: int = 2) -> int:
    total = 0
    while count := await archive.sweep(sweep, before=before, periods=[PERIOD], size=size):
        total += count
    return total


async def stored(db: Database, collection: str) -> list[Raw]:
    return await db.raw[collection].find({}).sort("_id", 1).to_list(None)


async def figures(db: Database) -> list[str]:
    every = [*await db.ledger.outcomes(PERIOD), *await db.ledger.reminder_outcomes(PERIOD)]
    return sorted(repr(sorted(one.items())) for one in every)


AGED: list[tuple[Sweep, str, Raw, Raw, Raw]] = [
    (Sweep.JOB_RUNS, "jobRuns", {"job": "a", "nominal": LONG_AGO}, {"job": "a", "nominal": LATELY},
     {"job": "monthly-cycle-report", "nominal": "2024-01"}),
    (Sweep.ALERTS, "alerts", {"resolvedAt": LONG_AGO, "key": "a"}, {"resolvedAt": LATELY, "key": "b"},
     {"open": True, "key": "c", "firedAt": LONG_AGO}),
    (Sweep.SILENCES, "silences", {"endsAt": LONG_AGO}, {"endsAt": LATELY}, {"endsAt": NOW + timedelta(days=1)}),
    (Sweep.CHAT_MESSAGES, "chatMessages", {"at": LONG_AGO, "number": 1}, {"at": LONG_AGO, "number": 3},
     {"at": LATELY, "number": 2}),
    (Sweep.ATTACHMENTS, "attachments", {"createdAt": LONG_AGO}, {"createdAt": LATELY}, {"name": "without a date"}),
    (Sweep.QUARANTINE, "quarantine", {"seenAt": LONG_AGO}, {"at": LONG_AGO, "seenAt": LATELY}, {"at": LONG_AGO}),
    (Sweep.POSTED, "postedReports", {"at": LONG_AGO}, {"at": LATELY}, {"at": NOW}),
]  # fmt: skip


@pytest.mark.parametrize(("sweep", "name", "old", "young", "other"), AGED, ids=lambda one: str(one)[:20])
async def test_what_is_past_its_age_goes_and_nothing_else(
    db: Database, archive: MongoArchive, sweep: Sweep, name: str, old: Raw, young: Raw, other: Raw
) -> None:
    before = NOW - timedelta(days=400)
    await db.raw[name].insert_many([{"_id": "old", **old}, {"_id": "young", **young}, {"_id": "other", **other}])
    assert await archive.count(sweep, before=before, periods=()) == 1
    assert await sweep_all(archive, sweep, before) == 1
    assert [one["_id"] for one in await stored(db, name)] == ["other", "young"]
    assert await sweep_all(archive, sweep, before) == 0


async def test_the_newest_message_stays_however_old_so_that_numbers_go_on(db: Database, archive: MongoArchive) -> None:
    await db.raw.chatMessages.insert_many([{"_id": f"m{n}", "number": n, "at": LONG_AGO} for n in range(1, 6)])
    assert await sweep_all(archive, Sweep.CHAT_MESSAGES) == 4
    assert [one["number"] for one in await stored(db, "chatMessages")] == [5]


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ([("plans", plan("u1", "planned"))], "plans_open"),
        ([("plans", plan("u1", "sending"))], "plans_open"),
        ([("invitations", entry("c1", "queued"))], "mails_open"),
        ([("invitations", entry("c1", "sending"))], "mails_open"),
        ([("invitations", entry("c1", "sent", dueAt={"expiry": NOW + timedelta(days=1)}))], "follow_ups_live"),
        ([("invitations", entry("c1", "opened", dueAt=None))], "follow_ups_live"),
        ([("invitations", entry("c1", doubts=[{"kind": "first", "since": LATELY}]))], "doubts_open"),
        ([("invitations", entry("c1", doubts=[{"kind": "first", "since": LONG_AGO}]))], None),
        ([("invitations", entry("c1", doubts=[{"kind": "first", "since": LATELY, "verdict": "unknown"}]))], None),
        ([("invitations", entry("c1", "sent"))], None),
        ([("invitations", entry("c1", period=OTHER, status="queued")), ("plans", plan("u1", "sending", OTHER))], None),
    ],
)
async def test_a_period_is_at_rest_when_nothing_of_it_is_open(
    db: Database, archive: MongoArchive, documents: list[tuple[str, Raw]], reason: str | None
) -> None:
    for name, document in documents:
        await db.raw[name].insert_one(document)
    assert (await unsettled(archive)).reasons == ((reason,) if reason else ())


async def test_open_entries_are_neither_deleted_nor_made_anonymous(db: Database, archive: MongoArchive) -> None:
    live = [entry("a", "queued"), entry("b", "sending"), entry("c", "sent", dueAt={"expiry": NOW + timedelta(days=1)})]
    await db.raw.invitations.insert_many([*live, entry("d"), entry("e", period=OTHER)])
    await db.raw.plans.insert_many([plan("u1", "sending"), plan("u2", "planned"), plan("u3", period=OTHER)])
    for sweep in Sweep:
        if sweep.stage is not None:
            await sweep_all(archive, sweep)
    assert [one["contactId"] for one in await stored(db, "invitations")] == ["a", "b", "c", "e"]
    assert [one["userId"] for one in await stored(db, "plans")] == ["u1", "u2", "u3"]


async def test_an_anonymous_period_keeps_its_figures_and_loses_its_people(db: Database, archive: MongoArchive) -> None:
    skips = [{"type": "second", "reason": "reminders_off", "at": SENT_AT}]
    entries = [entry("c1", reminderSkips=skips, answer="dear Bob"), entry("c2"), entry("c3", user="u2")]
    await db.raw.invitations.insert_many(entries)
    await db.raw.plans.insert_many([plan("u1"), plan("u2")])
    record = {"_id": f"cancelled/invitations/{PERIOD}.u1.c1", "period": PERIOD, "decision": "cancelled",
              "collection": "invitations", "documentId": f"{PERIOD}.u1.c1", "previous": "queued", "new": "cancelled",
              "by": "ann", "at": SENT_AT}  # fmt: skip
    await db.raw.compensations.insert_one(record)
    before = await figures(db)
    for sweep in (Sweep.INVITATIONS_ANONYMISED, Sweep.COMPENSATIONS_ANONYMISED, Sweep.PLANS_ANONYMISED):
        counted = await archive.count(sweep, before=NOW, periods=[PERIOD])
        assert await sweep_all(archive, sweep) == counted
    assert not await archive.has_names(PERIOD)

    after = await stored(db, "invitations")
    text = repr([await stored(db, name) for name in ("invitations", "plans", "compensations")])
    for name in ("u1", "u2", "c1", "c2", "c3", "Bob"):
        assert not re.search(rf"\b{name}\b", text)
    assert await figures(db) == before
    assert await db.plans.expected(PERIOD) == 2
    users = [one["userId"] for one in after]
    assert sorted(users.count(user) for user in set(users)) == [1, 2]
    assert set(users) == {one["userId"] for one in await stored(db, "plans")}
    for raw in after:
        assert to_raw(Invitation.model_validate(raw))["_id"] == f"{PERIOD}.{raw['userId']}.{raw['contactId']}"
    assert all(Plan.model_validate(raw).id == f"{PERIOD}.{raw['userId']}" for raw in await stored(db, "plans"))
    [changed] = await stored(db, "compensations")
    assert changed["_id"] == f"cancelled/invitations/{changed['documentId']}"
    assert changed["documentId"] in {one["_id"] for one in after}


async def test_whoever_dies_between_inserting_and_deleting_leaves_nothing_twice(
    db: Database, archive: MongoArchive
) -> None:
    entries = [entry(f"c{number}") for number in range(5)]
    await db.raw.invitations.insert_many(entries)
    await sweep_all(archive, Sweep.INVITATIONS_ANONYMISED)
    # As if the deletion had never happened.
    await db.raw.invitations.insert_many(entries)
    assert await sweep_all(archive, Sweep.INVITATIONS_ANONYMISED) == 5
    assert len(await stored(db, "invitations")) == 5


async def test_the_key_of_an_anonymous_period_is_destroyed(db: Database, archive: MongoArchive) -> None:
    await db.raw.plans.insert_one(plan("u1"))
    await sweep_all(archive, Sweep.PLANS_ANONYMISED)
    assert await db.raw.anonymisations.count_documents({"_id": PERIOD}) == 1
    await archive.end_anonymising([PERIOD])
    assert await stored(db, "anonymisations") == []


async def test_a_deleted_period_leaves_the_others_and_the_opt_outs(db: Database, archive: MongoArchive) -> None:
    await db.raw.invitations.insert_many([entry("c1"), entry("c2"), entry("c3"), entry("c1", period=OTHER)])
    await db.raw.plans.insert_many([plan("u1"), plan("u1", period=OTHER)])
    await db.raw.cycleControls.insert_many([{"_id": PERIOD, "state": "paused"}, {"_id": OTHER, "state": "paused"}])
    await db.suppressions.add("bob@people.example", "opted_out", LONG_AGO)
    for sweep in (Sweep.INVITATIONS_DELETED, Sweep.CONTROLS_DELETED, Sweep.PLANS_DELETED):
        assert await sweep_all(archive, sweep) == {Sweep.INVITATIONS_DELETED: 3}.get(sweep, 1)
    assert await archive.periods() == [OTHER]
    assert [one["_id"] for one in await stored(db, "cycleControls")] == [OTHER]
    assert await db.suppressions.suppressed(["bob@people.example"]) == {"bob@people.example"}


async def test_overdue_invitations_are_found_page_by_page(db: Database, archive: MongoArchive) -> None:
    entries = [entry("a", "sent"), entry("b", "opened"), entry("c", "submitted"), entry("d", "sent")]
    await db.raw.invitations.insert_many([*entries, entry("a", "sent", period=OTHER)])
    await db.raw.invitations.insert_one(entry("e", "sent", dueAt={"expiry": NOW + timedelta(days=1)}))
    first = await archive.overdue(PERIOD, "", 2, NOW)
    second = await archive.overdue(PERIOD, first[-1].id, 2, NOW)
    assert [one.id for one in (*first, *second)] == [f"{PERIOD}.u1.{contact}" for contact in "abd"]
    assert await archive.overdue(PERIOD, second[-1].id, 2, NOW) == []
