"""The reconciliation on a real database, with follow-ups and cycles that can be told to run or not (SPEC R8)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.reconcile import Reconciliation
from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.documents import Raw
from relance.adapters.mongo.reconciliation import MongoReconcileRows
from relance.contracts.control import ControlChange
from relance.contracts.follow_up import FollowUpInput
from relance.contracts.jobs import JobRequest
from relance.domain.cycle.control import Control, ControlState
from relance.domain.invitations.reconciliation import ReconcilePolicy
from relance.ids import follow_up_workflow_id
from relance.services.alerts import AlertService
from tests.adapters.mongo.test_reconciliation import AT, DAY, PERIOD, entry, plan
from tests.support.fakes import FakeAlertGroups, FixedClock


@dataclass
class Workflows:
    """What runs; a follow-up that is revived runs from then on."""

    running: set[str] = field(default_factory=set)
    cycles: set[str] = field(default_factory=set)
    revived: list[FollowUpInput] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    told: dict[str, ControlChange] = field(default_factory=dict)

    async def running_among(self, follow_ups: Sequence[str]) -> set[str]:
        return self.running & set(follow_ups)

    async def revive(self, follow_up: FollowUpInput) -> None:
        self.revived.append(follow_up)
        self.running.add(follow_up_workflow_id(follow_up.period, follow_up.user_id, follow_up.part))

    async def wake(self, follow_up: str) -> bool:
        self.woken.append(follow_up)
        return follow_up in self.running

    async def runs(self, period: str) -> bool:
        return period in self.cycles

    async def correct(self, period: str, truth: ControlChange) -> bool:
        knows = self.told.get(period, ControlChange())
        self.told[period] = truth
        return truth.newer_than(knows)


@pytest.fixture
def workflows() -> Workflows:
    return Workflows()


@pytest.fixture
def job(db: Database, workflows: Workflows) -> Reconciliation:
    clock = FixedClock(AT)
    return Reconciliation(
        MongoReconcileRows(db.raw),
        db.users,
        db.contacts,
        db.suppressions,
        db.plans,
        db.ledger,
        db.controls,
        workflows,
        workflows,
        AlertService(db.alerts, db.silences, FakeAlertGroups(), clock),
        ReconcilePolicy(alert_above=2),
        clock,
    )


async def furnish(db: Database, users: Sequence[str] = ("u1",), contacts: int = 2, **fields: Any) -> None:
    for user in users:
        await db.raw.users.insert_one({"_id": user, "email": f"{user}@users.example", "status": "active"})
        ids = [f"{user}-{number:03}" for number in range(contacts)]
        await db.raw.contacts.insert_many(
            [{"_id": one, "userId": user, "email": f"{one}@people.example", "status": "active"} for one in ids]
        )
        await db.raw.invitations.insert_many([entry(one, user=user, **fields) for one in ids])
        await db.raw.plans.insert_one(
            {**plan(user, contacts=contacts), "local": "2026-11-05T18:00", "zone": "UTC", "updatedAt": AT}
        )


async def reconcile(job: Reconciliation, *, dry_run: bool = False) -> dict[str, int]:
    found = await ActivityEnvironment().run(job.reconcile, JobRequest(nominal=AT, dry_run=dry_run))
    return {name: count for name, count in found.counts.items() if count}


SOON: Raw = {"dueAt": {"first": AT + DAY, "second": AT + 5 * DAY, "expiry": AT + 28 * DAY}}


async def test_each_part_of_a_users_follow_ups_is_looked_for(
    db: Database, job: Reconciliation, workflows: Workflows
) -> None:
    await furnish(db, contacts=230, **SOON)
    workflows.running = {follow_up_workflow_id(PERIOD, "u1", part) for part in (0, 2)}
    assert await reconcile(job, dry_run=True) == {"users_watched": 1, "follow_ups_restarted": 1}
    assert workflows.revived == []
    assert await reconcile(job) == {"users_watched": 1, "follow_ups_restarted": 1}
    assert [(one.part, sum(len(group.contacts) for group in one.groups)) for one in workflows.revived] == [(1, 100)]
    assert await reconcile(job) == {"users_watched": 1}


async def test_nobody_is_followed_again_who_wants_no_more_mail(
    db: Database, job: Reconciliation, workflows: Workflows
) -> None:
    await furnish(db, contacts=3, **SOON)
    await db.raw.contacts.update_one({"_id": "u1-000"}, {"$set": {"status": "opted_out"}})
    await db.suppressions.add("u1-001@people.example", "opted_out", AT)
    assert await reconcile(job) == {"users_watched": 1, "follow_ups_restarted": 1}
    assert [group.contacts for group in workflows.revived[0].groups] == [("u1-002",)]
    workflows.running.clear()
    await db.raw.contacts.update_one({"_id": "u1-002"}, {"$set": {"status": "bounced"}})
    assert await reconcile(job) == {"users_watched": 1}


async def test_a_cycle_that_did_not_hear_what_it_was_told_is_told_again(
    db: Database, job: Reconciliation, workflows: Workflows
) -> None:
    await furnish(db, **SOON)
    workflows.running.add(follow_up_workflow_id(PERIOD, "u1"))
    for state in (ControlState.PAUSED, ControlState.RUNNING):
        at = AT if state is ControlState.PAUSED else AT + DAY
        await db.controls.change(Control(id=PERIOD, state=state, by="ann", reason="a test", at=at))
    assert await reconcile(job) == {"users_watched": 1}, "no cycle runs that would have to know"
    workflows.cycles.add(PERIOD)
    assert await reconcile(job, dry_run=True) == {"users_watched": 1}
    assert await reconcile(job) == {"users_watched": 1, "cycles_told": 1}
    assert workflows.told[PERIOD].state is ControlState.RUNNING
    assert await reconcile(job) == {"users_watched": 1}


async def test_reminders_of_a_paused_cycle_are_late_on_purpose(
    db: Database, job: Reconciliation, workflows: Workflows
) -> None:
    await furnish(db)
    workflows.running.add(follow_up_workflow_id(PERIOD, "u1"))
    control = Control(id=PERIOD, state=ControlState.PAUSED, by="ann", reason="a test", at=AT)
    await db.controls.change(control)
    assert await reconcile(job) == {"users_watched": 1}
    # Nor are they late just after it goes on: what wakes them has only begun.
    gone_on = control.model_copy(update={"state": ControlState.RUNNING, "at": AT + timedelta(minutes=1)})
    await db.controls.change(gone_on)
    assert await reconcile(job) == {"users_watched": 1}
    job = dataclasses.replace(job, clock=FixedClock(AT + timedelta(hours=3)))
    assert await reconcile(job, dry_run=True) == {"users_watched": 1, "reminders_woken": 4}
    await db.controls.change(control.model_copy(update={"state": ControlState.ROLLED_BACK}))
    assert await reconcile(job) == {}


async def test_while_a_cycle_runs_its_open_plans_are_its_own(
    db: Database, job: Reconciliation, workflows: Workflows
) -> None:
    await furnish(db, **SOON)
    await db.raw.plans.update_one({}, {"$set": {"status": "sending"}})
    workflows.cycles.add(PERIOD)
    assert await reconcile(job) == {"users_watched": 1}
    workflows.cycles.clear()
    assert await reconcile(job) == {"users_watched": 1, "follow_ups_restarted": 1, "plans_finished": 1}
    assert (await db.raw.plans.find_one({}) or {})["status"] == "done"


async def test_a_batch_that_died_before_it_found_anybody_is_stuck(
    db: Database, job: Reconciliation, workflows: Workflows
) -> None:
    await furnish(db, contacts=1, **SOON)
    await db.raw.plans.update_one({}, {"$set": {"status": "sending"}, "$unset": {"contacts": ""}})
    assert await reconcile(job) == {"users_watched": 1, "plans_stuck": 1}
    await db.raw.plans.update_one({}, {"$set": {"status": "planned", "instant": AT - DAY}})
    assert await reconcile(job) == {"users_watched": 1, "plans_stuck": 1}
    await db.raw.plans.update_one({}, {"$set": {"instant": AT + DAY}})
    assert await reconcile(job) == {"users_watched": 1}


async def test_much_that_was_mended_is_an_alert_until_a_run_finds_little(
    db: Database, job: Reconciliation, workflows: Workflows
) -> None:
    await furnish(db, users=("u1", "u2", "u3"), **SOON)
    groups = job.alert_service.groups
    assert isinstance(groups, FakeAlertGroups)
    await reconcile(job, dry_run=True)
    assert await db.alerts.open() == []
    await reconcile(job)
    [alert] = await db.alerts.open()
    assert (alert.key, alert.labels["follow_ups_restarted"]) == ("reconciliation/follow-ups", "3")
    await reconcile(job)
    assert groups.summary()[-1] == ("reconciliation", [], ["reconciliation/follow-ups"])


async def test_a_run_that_was_cut_off_goes_on_at_its_page_with_its_counts(
    db: Database, job: Reconciliation, workflows: Workflows
) -> None:
    await furnish(db, users=("u1", "u2", "u3"), **SOON)
    environment = ActivityEnvironment()
    reached = [[PERIOD, "u2"], {"users_watched": 2, "follow_ups_restarted": 2}]
    environment.info = dataclasses.replace(environment.info, heartbeat_details=[reached])
    found = await environment.run(job.reconcile, JobRequest(nominal=AT))
    assert [one.user_id for one in workflows.revived] == ["u3"]
    assert (found.counts["users_watched"], found.counts["follow_ups_restarted"]) == (3, 3)


async def test_periods_of_long_ago_are_not_looked_at(db: Database, job: Reconciliation, workflows: Workflows) -> None:
    await furnish(db, **SOON)
    later = dataclasses.replace(job, clock=FixedClock(AT + timedelta(days=90)))
    assert await reconcile(later) == {}
