"""Overdue reminders and missing follow-ups, counted in a real database."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.reconciliation import MongoReconcileRows
from relance.adapters.probes.ledger import FollowUpsProbe, OverdueProbe, ReminderPeople
from relance.contracts.names import JobName
from relance.domain.cycle.control import Control, ControlState
from relance.domain.invitations.reconciliation import ReconcilePolicy
from relance.domain.jobs.run import MISSED, RAN, JobRun
from tests.activities.test_reconcile import furnish
from tests.adapters.mongo.test_reconciliation import AT, PERIOD, reminders
from tests.support.fakes import FixedClock

HOUR = timedelta(hours=1)


@pytest.fixture
def probe(db: Database) -> OverdueProbe:
    people = ReminderPeople(db.users, db.contacts, db.suppressions)
    clock = FixedClock(AT)
    return OverdueProbe(MongoReconcileRows(db.raw), db.ledger, people, db.controls, ReconcilePolicy(), HOUR, clock, 5.0)


async def test_reminders_of_which_nothing_is_known_after_their_time_are_counted(
    db: Database, probe: OverdueProbe
) -> None:
    assert (await probe.look()).value == 0
    await furnish(db, ("u1", "u2"), contacts=3)
    # Both reminders of each contact.
    reading = await probe.look()
    assert (reading.value, reading.detail) == (12, PERIOD)


async def test_what_was_sent_or_is_only_just_due_is_not_overdue(db: Database, probe: OverdueProbe) -> None:
    await furnish(db, ("u1",), reminders=reminders("first", "second"))
    due = {"first": AT - HOUR / 2, "second": AT + HOUR, "expiry": AT + 30 * HOUR}
    await furnish(db, ("u2",), dueAt=due)
    assert (await probe.look()).value == 0


async def test_nobody_who_must_not_be_reminded_is_overdue(db: Database, probe: OverdueProbe) -> None:
    await furnish(db, ("u1",), contacts=2)
    await db.raw.contacts.update_one({"_id": "u1-000"}, {"$set": {"status": "opted_out"}})
    await db.suppressions.add("u1-001@people.example", "opted_out", AT)
    assert (await probe.look()).value == 0


async def test_what_a_pause_has_held_is_not_late_just_after_it(db: Database, probe: OverdueProbe) -> None:
    await furnish(db, ("u1",))
    running = Control(_id=PERIOD, state=ControlState.RUNNING, by="ann", reason="a test", at=AT - HOUR / 2)
    await db.controls.change(running.model_copy(update={"state": ControlState.PAUSED}))
    await db.controls.change(running)
    assert (await probe.look()).value == 0
    assert (await dataclasses.replace(probe, clock=FixedClock(AT + HOUR)).look()).value > 0


@pytest.mark.parametrize("state", [ControlState.PAUSED, ControlState.ROLLED_BACK])
async def test_a_cycle_that_was_told_to_stand_still_is_not_late(
    db: Database, probe: OverdueProbe, state: ControlState
) -> None:
    await furnish(db, ("u1",))
    await db.controls.change(Control(_id=PERIOD, state=state, by="ann", reason="a test", at=AT))
    assert (await probe.look()).value == 0


async def test_a_period_that_is_long_over_is_not_looked_at(db: Database, probe: OverdueProbe) -> None:
    await furnish(db, ("u1",))
    probe.clock.at += timedelta(days=120)  # type: ignore[attr-defined]
    assert (await probe.look()).value == 0


async def test_missing_follow_ups_are_those_the_reconciliation_found_last(db: Database) -> None:
    probe = FollowUpsProbe(db.job_runs, 5.0)
    assert (await probe.look()).detail == "never_looked"
    for hour, (state, missing) in enumerate([(RAN, 7), (RAN, 3), (MISSED, 9)]):
        detail: dict[str, str | int] = {"follow_ups_restarted": missing}
        at = AT + hour * HOUR
        await db.job_runs.record(JobRun(job=JobName.RECONCILE, nominal=at, state=state, at=at, detail=detail))
    assert (await probe.look()).value == 3
