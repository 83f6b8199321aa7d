"""The weekly cleanup on a real database (SPEC H1)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.cleanup import Cleanup
from relance.adapters.mongo.archive import MongoArchive
from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.documents import Raw
from relance.contracts.jobs import Ended, EndedInput, JobRequest, SweepInput
from relance.domain.invitations.events import EventKind
from relance.domain.jobs.retention import EXPIRED, RetentionStage, Sweep
from relance.errors import NotFound
from relance.services.events import EventIntake
from relance.settings.retention import RetentionGroup
from tests.adapters.mongo.test_archive import LATELY, LONG_AGO, NOW, entry, plan
from tests.support.fakes import FakeFollowUps, FixedClock

OLD, ENDED, RUNNING = "2025-03", "2026-05", "2026-11"
COLLECTIONS = ("invitations", "plans", "compensations", "cycleControls", "jobRuns", "alerts", "chatMessages")


@dataclass
class Running:
    """The follow-ups and cycles that run."""

    users: set[tuple[str, str]] = field(default_factory=set)
    periods: set[str] = field(default_factory=set)

    async def stop(self, period: str, user_id: str, reason: str) -> int:
        raise AssertionError("the cleanup ends nobody's timers")

    async def running(self, period: str, user_id: str) -> int:
        return int((period, user_id) in self.users)

    async def runs(self, period: str) -> bool:
        return period in self.periods


@pytest.fixture
def running() -> Running:
    return Running()


@pytest.fixture
def cleanup(db: Database, running: Running) -> Cleanup:
    retention = RetentionGroup().policy(timedelta(days=400))
    return Cleanup(MongoArchive(db.raw, db.suppressions), db.ledger, running, running, retention)


async def furnish(db: Database) -> None:
    """Three periods: one to delete, one to anonymise, one that runs; and things of every age."""
    soon = {"expiry": NOW + timedelta(days=9), "first": NOW, "second": NOW}
    for period in (OLD, ENDED, RUNNING):
        live: Raw = {"dueAt": soon} if period == RUNNING else {}
        await db.raw.invitations.insert_many(
            [
                entry("c1", "submitted", period=period),
                entry("c2", "sent", period=period, **live),
                entry("c3", "opened", user="u2", period=period, **live),
                entry("c4", "expired", user="u2", period=period),
            ]
        )
        await db.raw.plans.insert_many([plan("u1", period=period), plan("u2", period=period)])
        await db.raw.cycleControls.insert_one({"_id": period, "state": "running"})
    await db.raw.jobRuns.insert_many([{"job": "a", "nominal": at} for at in (LONG_AGO, LATELY)])
    await db.raw.alerts.insert_many([{"key": "a", "resolvedAt": LONG_AGO}, {"key": "b", "open": True}])
    await db.raw.chatMessages.insert_many([{"number": n, "at": LONG_AGO} for n in (1, 2)])


async def snapshot(db: Database) -> dict[str, list[Raw]]:
    return {name: await db.raw[name].find({}).sort("_id", 1).to_list(None) for name in COLLECTIONS}


async def clean(cleanup: Cleanup, *, dry_run: bool = False) -> tuple[dict[str, int], Ended]:
    """Do what the workflow does."""
    run = ActivityEnvironment().run
    expired = await run(cleanup.expire, JobRequest(nominal=NOW, dry_run=dry_run))
    ended = await run(cleanup.ended, EndedInput(nominal=NOW, busy=expired.busy))
    counts = {EXPIRED: expired.expired, **ended.held}
    for sweep in Sweep:
        periods = (
            {RetentionStage.DELETED: ended.delete, RetentionStage.ANONYMOUS: ended.anonymise}[sweep.stage]
            if sweep.stage
            else ()
        )
        request = SweepInput(sweep=sweep, nominal=NOW, dry_run=dry_run, periods=periods)
        counts[sweep] = await run(cleanup.sweep, request)
    return {name: count for name, count in counts.items() if count}, ended


async def test_a_dry_run_counts_what_the_real_run_does_and_writes_nothing(db: Database, cleanup: Cleanup) -> None:
    await furnish(db)
    before = await snapshot(db)
    rehearsed = await clean(cleanup, dry_run=True)
    assert await snapshot(db) == before
    assert await clean(cleanup) == rehearsed
    assert rehearsed[0] == {
        EXPIRED: 4,
        Sweep.INVITATIONS_DELETED: 4,
        Sweep.PLANS_DELETED: 2,
        Sweep.CONTROLS_DELETED: 1,
        Sweep.INVITATIONS_ANONYMISED: 4,
        Sweep.PLANS_ANONYMISED: 2,
        Sweep.JOB_RUNS: 1,
        Sweep.ALERTS: 1,
        Sweep.CHAT_MESSAGES: 1,
    }
    assert await clean(cleanup) == ({}, Ended(held={"periods_held": 0}))


async def test_nothing_of_a_running_cycle_is_touched(db: Database, cleanup: Cleanup) -> None:
    await furnish(db)
    query = {"period": RUNNING}
    before = [await db.raw[name].find(query).to_list(None) for name in ("invitations", "plans")]
    await clean(cleanup)
    assert [await db.raw[name].find(query).to_list(None) for name in ("invitations", "plans")] == before


@pytest.mark.parametrize("what", ["plan", "mail", "doubt", "cycle"])
async def test_a_period_that_is_old_but_not_at_rest_is_left_alone_and_named(
    db: Database, cleanup: Cleanup, running: Running, what: str
) -> None:
    await furnish(db)
    reasons = {"plan": "plans_open", "mail": "mails_open", "doubt": "doubts_open", "cycle": "cycle_running"}
    if what == "plan":
        await db.raw.plans.update_one({"_id": f"{OLD}.u1"}, {"$set": {"status": "sending"}})
    elif what == "mail":
        await db.raw.invitations.update_one({"_id": f"{OLD}.u1.c1"}, {"$set": {"status": "queued"}})
    elif what == "doubt":
        doubts = [{"kind": "first", "since": LATELY}]
        await db.raw.invitations.update_one({"_id": f"{OLD}.u1.c1"}, {"$set": {"doubts": doubts}})
    else:
        running.periods.add(OLD)
    counts, ended = await clean(cleanup)
    assert (ended.delete, ended.anonymise) == ((), (ENDED,))
    assert (counts["periods_held"], counts[f"held_{reasons[what]}"]) == (1, 1)
    assert await db.raw.invitations.count_documents({"period": OLD}) == 4


async def test_a_late_follow_up_that_still_runs_expires_its_invitations_itself(
    db: Database, cleanup: Cleanup, running: Running
) -> None:
    await furnish(db)
    running.users.add((ENDED, "u1"))
    rehearsed = await clean(cleanup, dry_run=True)
    counts, ended = await clean(cleanup)
    assert (counts, ended) == rehearsed
    assert (counts[EXPIRED], ended.anonymise, ended.held["held_follow_ups_live"]) == (3, (), 1)
    statuses = {raw["_id"]: raw["status"] async for raw in db.raw.invitations.find({"period": ENDED})}
    assert (statuses[f"{ENDED}.u1.c2"], statuses[f"{ENDED}.u2.c3"]) == ("sent", "expired")


async def test_an_invitation_whose_follow_up_is_gone_expires_and_only_forward(db: Database, cleanup: Cleanup) -> None:
    late: Raw = {"dueAt": {"expiry": NOW - timedelta(days=2), "first": NOW, "second": NOW}}
    fresh: Raw = {"dueAt": {"expiry": NOW - timedelta(hours=2), "first": NOW, "second": NOW}}
    statuses = ["sent", "opened", "submitted", "bounced", "cancelled"]
    entries = [entry(status, status, period=RUNNING, **late) for status in statuses]
    await db.raw.invitations.insert_many([*entries, entry("fresh", "sent", period=RUNNING, **fresh)])
    counts, _ = await clean(cleanup)
    assert counts == {EXPIRED: 2}
    after = {raw["contactId"]: raw async for raw in db.raw.invitations.find({})}
    assert [after[status]["status"] for status in statuses] == ["expired", "expired", *statuses[2:]]
    assert after["fresh"]["status"] == "sent"
    assert after["sent"]["endedAt"] == NOW


async def test_a_sweep_that_was_cut_off_goes_on_and_counts_both_parts(db: Database, cleanup: Cleanup) -> None:
    await db.raw.jobRuns.insert_many([{"job": f"j{n}", "nominal": LONG_AGO} for n in range(30)])
    request = SweepInput(sweep=Sweep.JOB_RUNS, nominal=NOW, dry_run=False)
    first = await cleanup.archive.sweep(Sweep.JOB_RUNS, before=NOW - timedelta(days=400), periods=(), size=12)
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, heartbeat_details=[first])
    assert await environment.run(cleanup.sweep, request) == 30
    assert await db.raw.jobRuns.count_documents({}) == 0


async def test_who_opts_out_of_an_invitation_that_was_cleaned_up_gets_no_more_mail(
    db: Database, cleanup: Cleanup
) -> None:
    await furnish(db)
    await clean(cleanup)
    contact = {"_id": "c1", "userId": "u1", "email": "c1@people.example", "status": "active"}
    await db.raw.contacts.insert_one(contact)
    intake = EventIntake(db.ledger, db.contacts, db.suppressions, FakeFollowUps(), FixedClock(NOW))
    for period in (OLD, ENDED):
        await intake.take(f"{period}.u1.c1", EventKind.OPTED_OUT)
    assert (await db.raw.contacts.find_one({}) or {})["status"] == "opted_out"
    assert await db.suppressions.suppressed(["c1@people.example"]) == {"c1@people.example"}
    for unknown in (f"{OLD}.u2.c1", f"{OLD}.u1.nobody", "no invitation at all"):
        with pytest.raises(NotFound):
            await intake.take(unknown, EventKind.OPTED_OUT)
    with pytest.raises(NotFound):
        await intake.take(f"{OLD}.u1.c1", EventKind.SUBMITTED)
