"""Workflows that somebody has ended are started again, on a real database (SPEC R8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from temporalio.testing import ActivityEnvironment

from activities.repairs import Repairs
from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.reconciliation import MongoReconcileRows
from relance.contracts.control import ControlChange
from relance.contracts.cycle import WaveLook
from relance.contracts.jobs import JobRequest
from relance.contracts.reports import CycleReportInput
from relance.contracts.rollback import RollBackInput
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.delivery import Deliver, NotificationKind, Wait, next_action
from relance.domain.alerts.group import AlertGroup
from relance.domain.alerts.model import AlertEvent, Evidence, HistoryEntry, Rule
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.cycle.control import Control, ControlState
from relance.domain.failures import Severity
from relance.domain.invitations.reconciliation import ReconcilePolicy
from relance.errors import NobodyAnswers
from relance.ports.repairs import WorkflowState
from relance.services.alerts import AlertService
from relance.services.repairs import AlertRepair, CycleRepair, ReportRepair, RollBackRepair
from tests.adapters.mongo.test_reconciliation import AT, DAY, PERIOD, plan
from tests.support.fakes import FakeAlertGroups, FixedClock

HOUR = timedelta(hours=1)
S = WorkflowState


@dataclass
class Server:
    """How the workflows stand; what is started runs from then on."""

    cycle_state: WorkflowState = S.UNKNOWN
    rollback_state: tuple[WorkflowState, RollBackInput | None] = (S.UNKNOWN, None)
    report_state: tuple[WorkflowState, CycleReportInput | None] = (S.UNKNOWN, None)
    held: dict[str, frozenset[str]] = field(default_factory=dict)
    ended: list[ControlChange] = field(default_factory=list)
    started: list[object] = field(default_factory=list)
    groups: list[AlertGroup] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)

    async def cycle(self, period: str) -> WorkflowState:
        return self.cycle_state if period == PERIOD else S.UNKNOWN

    async def wave(self, period: str, instant: datetime) -> WaveLook:
        return WaveLook(runs=False)

    async def end_cycle(self, period: str, told: ControlChange) -> bool:
        self.ended.append(told)
        self.cycle_state = S.RUNNING
        return True

    async def rollback(self, period: str) -> tuple[WorkflowState, RollBackInput | None]:
        return self.rollback_state if period == PERIOD else (S.UNKNOWN, None)

    async def start_rollback(self, request: RollBackInput) -> bool:
        self.started.append(request)
        self.rollback_state = (S.RUNNING, None)
        return True

    async def report(self, period: str) -> tuple[WorkflowState, CycleReportInput | None]:
        return self.report_state if period == PERIOD else (S.UNKNOWN, None)

    async def start_report(self, request: CycleReportInput) -> bool:
        self.started.append(request)
        self.report_state = (S.RUNNING, None)
        return True

    async def members(self, group: str) -> frozenset[str] | None:
        if group in self.silent:
            raise NobodyAnswers("Temporal", "on demand")
        return self.held.get(group)

    async def start(self, group: AlertGroup) -> bool:
        self.groups.append(group)
        self.held[group.group] = frozenset(group.members)
        return True


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def told() -> FakeAlertGroups:
    return FakeAlertGroups()


@pytest.fixture
def job(db: Database, server: Server, told: FakeAlertGroups) -> Repairs:
    clock = FixedClock(AT)
    desk = AlertService(db.alerts, db.silences, told, clock)
    return Repairs(
        reconcile_rows=MongoReconcileRows(db.raw),
        by_period=(
            CycleRepair(desk, server, db.controls, db.plans, db.compensations),
            RollBackRepair(server, db.controls, db.compensations),
            ReportRepair(server),
        ),
        alerts=AlertRepair(desk, server),
        alert_service=desk,
        policy=ReconcilePolicy(alert_above=0),
        clock=clock,
    )


async def repair(job: Repairs, *, dry_run: bool = False) -> dict[str, int]:
    found = await ActivityEnvironment().run(job.repair, JobRequest(nominal=AT, dry_run=dry_run))
    return {name: count for name, count in found.counts.items() if count}


async def plans(db: Database, users: Sequence[str], **fields: object) -> None:
    ahead = {"status": "planned", "instant": AT + DAY, "local": "2026-11-05T18:00", "zone": "UTC", "updatedAt": AT}
    await db.raw.plans.insert_many([{**plan(user), **ahead, **fields} for user in users])


async def decide(db: Database, state: ControlState, at: datetime = AT - HOUR) -> None:
    await db.controls.change(Control(id=PERIOD, state=state, by="ann", reason="a test", at=at))


async def rules(db: Database) -> dict[str, tuple[str, Decimal | None]]:
    return {one.rule: (one.severity, one.evidence.value) for one in await db.alerts.open()}


@pytest.mark.parametrize(
    ("state", "is_told"),
    [(S.RUNNING, False), (S.CUT_OFF, True), (S.UNKNOWN, True), (S.COMPLETED, False)],
)
async def test_people_are_notified_of_a_cycle_that_was_ended_and_has_plans_ahead(
    db: Database, job: Repairs, server: Server, state: WorkflowState, is_told: bool
) -> None:
    await plans(db, ("u1", "u2"))
    server.cycle_state = state
    assert await repair(job, dry_run=True) == ({"cycles_left": 1} if is_told else {})
    assert await rules(db) == {}
    await repair(job)
    assert await rules(db) == ({Rule.CYCLE_LEFT: (Severity.CRITICAL, Decimal(2))} if is_told else {})
    assert server.ended == []


async def test_a_cycle_that_was_ended_before_it_planned_is_told_and_the_alert_ends_when_it_goes_on(
    db: Database, job: Repairs, server: Server, told: FakeAlertGroups
) -> None:
    server.cycle_state = S.CUT_OFF
    assert await repair(job) == {"cycles_left": 1}
    server.cycle_state = S.RUNNING
    assert await repair(job) == {}
    assert told.summary()[-1] == (Rule.CYCLE_LEFT, [], [f"cycle-left/{PERIOD}"])


@pytest.mark.parametrize("state", [ControlState.CANCELLED, ControlState.ROLLED_BACK])
async def test_a_cycle_that_was_told_to_end_is_started_again_to_do_so(
    db: Database, job: Repairs, server: Server, state: ControlState
) -> None:
    await plans(db, ("u1",))
    server.cycle_state = S.CUT_OFF
    await decide(db, state, AT)
    assert "cycles_ended" not in await repair(job), "whoever decides is about to signal it"
    await db.raw.cycleControls.update_one({}, {"$set": {"at": AT - HOUR}})
    assert (await repair(job))["cycles_ended"] == 1
    assert [one.state for one in server.ended] == [state]
    assert Rule.CYCLE_LEFT not in await rules(db)
    assert "cycles_ended" not in await repair(job)


async def test_a_rollback_that_was_cut_off_goes_on_with_its_corrections(
    db: Database, job: Repairs, server: Server
) -> None:
    server.cycle_state = S.COMPLETED
    server.rollback_state = (S.CUT_OFF, RollBackInput(period=PERIOD, correction=True))
    assert await repair(job) == {}, "nobody has decided so"
    await decide(db, ControlState.ROLLED_BACK)
    assert await repair(job, dry_run=True) == {"rollbacks_restarted": 1}
    assert await repair(job) == {"rollbacks_restarted": 1}
    assert server.started == [RollBackInput(period=PERIOD, correction=True)]
    assert await repair(job) == {}


async def test_a_rollback_that_never_began_is_begun_while_there_is_anything_to_take_back(
    db: Database, job: Repairs, server: Server
) -> None:
    server.cycle_state = S.COMPLETED
    await decide(db, ControlState.ROLLED_BACK)
    assert await repair(job) == {}
    await plans(db, ("u1",), status="done")
    assert await repair(job) == {"rollbacks_restarted": 1}


async def test_a_report_that_was_cut_off_is_posted_under_its_own_key(
    db: Database, job: Repairs, server: Server
) -> None:
    await plans(db, ("u1",), status="done")
    request = CycleReportInput(period=PERIOD, at=AT - DAY)
    server.report_state, server.cycle_state = (S.CUT_OFF, request), S.RUNNING
    assert await repair(job) == {}, "a cycle that goes on reports by itself"
    server.cycle_state = S.COMPLETED
    assert await repair(job) == {"reports_restarted": 1}
    assert server.started == [request]


async def test_what_was_started_again_is_told_above_the_threshold(db: Database, job: Repairs, server: Server) -> None:
    await plans(db, ("u1",), status="done")
    server.report_state, server.cycle_state = (S.CUT_OFF, CycleReportInput(period=PERIOD, at=AT)), S.COMPLETED
    await repair(job)
    [alert] = await db.alerts.open()
    assert (alert.key, alert.labels["reports_restarted"]) == ("reconciliation/workflows", "1")


async def test_unreadable_plans_are_told_for_as_long_as_the_period_is_watched(
    db: Database, job: Repairs, server: Server
) -> None:
    await plans(db, ("u1", "u2"))
    await db.raw.plans.update_one({"userId": "u1"}, {"$set": {"instant": None}})
    await db.raw.plans.update_one({"userId": "u2"}, {"$set": {"status": "done"}})
    server.cycle_state = S.COMPLETED
    await repair(job)
    assert await rules(db) == {Rule.PLANS_UNREADABLE: (Severity.MEDIUM, Decimal(1))}


def _sighting(subject: str) -> Condition:
    evidence = Evidence(value=Decimal(3), threshold=Decimal(0))
    return Condition(
        rule="demo", group="demo", subject=subject, severity=Severity.CRITICAL, labels={}, evidence=evidence
    )


async def _open(db: Database, *subjects: str, ago: timedelta = HOUR) -> None:
    at = AT - ago
    await db.alerts.take({f"demo/{one}": _sighting(one) for one in subjects}, at)


async def test_a_group_whose_workflow_is_gone_goes_on_where_it_was(db: Database, job: Repairs, server: Server) -> None:
    await _open(db, "told", "untold", "known", ago=2 * HOUR)
    said = HistoryEntry(at=AT - timedelta(minutes=30), event=AlertEvent.SENT, detail=NotificationKind.FIRING)
    escalated = HistoryEntry(at=AT - timedelta(minutes=10), event=AlertEvent.SENT, detail=NotificationKind.ESCALATION)
    await db.alerts.record({"demo/told": [said, escalated]})
    await db.alerts.decide(["demo/known"], HistoryEntry(at=AT - HOUR, event=AlertEvent.ACKNOWLEDGED, by="ann"))
    await db.raw.alerts.update_many({}, {"$set": {"updatedAt": AT - HOUR}})
    assert await repair(job, dry_run=True) == {"alert_groups_restarted": 1}
    assert await repair(job) == {"alert_groups_restarted": 1}
    [group] = server.groups
    assert set(group.members) == {"demo/told", "demo/untold", "demo/known"}
    action = next_action(group, AT, AlertPolicy())
    assert isinstance(action, Deliver)
    assert [line.key for line in action.lines] == ["demo/untold"]
    del server.groups[:]
    assert await repair(job) == {}
    # With everybody told, the next thing is the repeat, an hour after the last message.
    quiet = AlertGroup("demo", AT, {"demo/told": group.members["demo/told"]})
    assert next_action(quiet, AT, AlertPolicy()) == Wait(escalated.at + HOUR)


async def test_a_group_that_no_worker_answers_for_is_left_for_the_next_run_and_holds_up_no_other(
    db: Database, job: Repairs, server: Server
) -> None:
    await _open(db, "lost", ago=2 * HOUR)
    await db.raw.alerts.update_many({}, {"$set": {"group": "asleep"}})
    await _open(db, "gone", ago=2 * HOUR)
    server.silent = {"asleep"}
    assert await repair(job, dry_run=True) == {"alert_groups_restarted": 1}
    assert await repair(job) == {"alert_groups_restarted": 1}
    assert [one.group for one in server.groups] == ["demo"]
    server.silent = set()
    assert await repair(job) == {"alert_groups_restarted": 1}
    assert [one.group for one in server.groups] == ["demo", "asleep"]


async def test_an_alert_that_its_running_group_does_not_know_is_told_to_it(
    db: Database, job: Repairs, server: Server, told: FakeAlertGroups
) -> None:
    await _open(db, "lost", "held")
    await _open(db, "new", ago=timedelta(minutes=1))
    server.held["demo"] = frozenset({"demo/held"})
    assert await repair(job) == {"alert_groups_restarted": 1}
    assert ("demo", ["demo/lost"], []) in told.summary()
    assert server.groups == []
