"""The questions, each as the job or command asks it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, NamedTuple

from benchmarks.ledger_data import NOW, OLD, YOUNG
from relance.adapters.mongo.connection import Database
from relance.adapters.probes.ledger import OverdueProbe, ReminderPeople
from relance.domain.cycle.control import Control, ControlState
from relance.domain.invitations.reconciliation import ReconcilePolicy
from relance.domain.jobs.retention import Sweep
from relance.services.cycle_statistics import balance_period

PAGE = 500
_DAY = timedelta(days=1)
BY_AGE = (
    Sweep.JOB_RUNS,
    Sweep.ALERTS,
    Sweep.SILENCES,
    Sweep.CHAT_MESSAGES,
    Sweep.ATTACHMENTS,
    Sweep.QUARANTINE,
    Sweep.POSTED,
)


class Question(NamedTuple):
    """What is asked, and how."""

    name: str
    ask: Callable[[Database], Awaitable[Any]]


class _Fixed:
    def now(self) -> Any:
        return NOW


async def _all_groups(db: Database) -> None:
    async for _ in db.effectiveness.groups(OLD, NOW):
        pass


async def _doubtful(db: Database) -> None:
    after = ""
    while page := await db.ledger.doubtful(OLD, after, PAGE):
        after = page[-1].id


async def _users(db: Database) -> None:
    after = None
    while page := await db.compensations.users(OLD, after, PAGE):
        after = page[-1]


async def _reached(db: Database) -> None:
    last = ""
    while page := await db.compensations.reached(OLD, last, 10_000):
        last = page[-1]


async def _overdue(db: Database) -> None:
    after = ""
    while page := await db.archive.overdue(OLD, after, 1000, NOW):
        after = page[-1].id


async def _all_followees(db: Database) -> None:
    after = None
    while page := await db.reconcile_rows.page(OLD, after, PAGE, at=NOW, late_since=NOW - _DAY):
        after = page[-1].user_id


async def _overdue_probe(db: Database) -> None:
    people = ReminderPeople(db.users, db.contacts, db.suppressions)
    probe = OverdueProbe(
        db.reconcile_rows, db.ledger, people, db.controls, ReconcilePolicy(), timedelta(hours=1), _Fixed(), 10.0
    )
    await probe.look()


async def _give_up(db: Database) -> None:
    await db.compensations.apply(Control(id=OLD, state=ControlState.CANCELLED, at=NOW, by="somebody"), NOW)


async def _sweeps(db: Database) -> None:
    # A day only: what goes is not there for the next run.
    for sweep in BY_AGE:
        await db.archive.sweep(sweep, before=NOW - 4000 * _DAY, periods=(), size=1000)


async def _counts(db: Database) -> None:
    for sweep in BY_AGE:
        await db.archive.count(sweep, before=NOW - 30 * _DAY, periods=())


def _count(sweep: Sweep) -> Callable[[Database], Awaitable[Any]]:
    return lambda db: db.archive.count(sweep, before=NOW, periods=(OLD,))


async def _anonymise(db: Database) -> None:
    for _ in range(5):
        await db.archive.sweep(Sweep.INVITATIONS_ANONYMISED, before=NOW, periods=(OLD,), size=1000)


QUESTIONS: list[Question] = [
    Question("balance", lambda db: balance_period(db.ledger, db.plans, OLD)),
    Question("ledger.outcomes", lambda db: db.ledger.outcomes(OLD)),
    Question("ledger.reminder_outcomes", lambda db: db.ledger.reminder_outcomes(OLD)),
    Question("ledger.doubtful", _doubtful),
    Question("ledger.put_off", lambda db: db.ledger.put_off(OLD)),
    Question("ledger.is_known", lambda db: db.ledger.is_known(OLD)),
    Question("plans.expected", lambda db: db.plans.expected(OLD)),
    Question("plans.open_count", lambda db: db.plans.open_count(YOUNG)),
    Question("plans.next_instant", lambda db: db.plans.next_instant(YOUNG)),
    Question("plans.of_user", lambda db: db.plans.of_user("u0000007")),
    Question("compensations.survey", lambda db: db.compensations.survey(OLD, ControlState.ROLLED_BACK)),
    Question("compensations.in_flight", lambda db: db.compensations.in_flight(OLD)),
    Question("compensations.reached", _reached),
    Question("compensations.count_reached", lambda db: db.compensations.count_reached(OLD)),
    Question("compensations.applied", lambda db: db.compensations.applied(OLD, ControlState.CANCELLED)),
    Question("compensations.users", _users),
    Question("effectiveness.periods", lambda db: db.effectiveness.periods()),
    Question("effectiveness.groups", _all_groups),
    Question("followees.periods", lambda db: db.reconcile_rows.periods()),
    Question("followees.page, all", _all_followees),
    Question("followees.sent_between", lambda db: db.reconcile_rows.sent_between(OLD, NOW - _DAY, NOW)),
    Question("probe of overdue reminders", _overdue_probe),
    Question("effects.plans_due", lambda db: db.effects.plans_due(NOW)),
    Question("effects.last_mail", lambda db: db.effects.last_mail([OLD, YOUNG], NOW + _DAY)),
    Question("effects.stuck_claims", lambda db: db.effects.stuck_claims([OLD, YOUNG], NOW - _DAY)),
    Question("archive.periods", lambda db: db.archive.periods()),
    Question("archive.overdue", _overdue),
    Question("archive.unsettled", lambda db: db.archive.unsettled(OLD, timers_after=NOW, doubts_since=NOW - _DAY)),
    Question("archive.has_names", lambda db: db.archive.has_names(OLD)),
    Question("archive.count deleted", _count(Sweep.INVITATIONS_DELETED)),
    Question("archive.count anonymised", _count(Sweep.INVITATIONS_ANONYMISED)),
    Question("archive.count by age", _counts),
    Question("archive.sweep by age", _sweeps),
    Question("job_runs.runs", lambda db: db.job_runs.runs(since=NOW - _DAY, limit=20_000)),
    Question("job_runs.runs of all time", lambda db: db.job_runs.runs()),
    Question("job_runs.cycles", lambda db: db.job_runs.cycles(YOUNG, 12)),
    Question("alerts.recent", lambda db: db.alerts.recent(NOW - _DAY)),
    Question("alerts.open", lambda db: db.alerts.open()),
    Question("quarantine.count", lambda db: db.quarantine.count()),
    Question("posted_reports.last", lambda db: db.posted_reports.last("digest", NOW)),
    # What changes something comes last.
    Question("compensations.apply", _give_up),
    Question("archive.sweep anonymised", _anonymise),
]
