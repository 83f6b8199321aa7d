"""Makes the probes of the health check out of settings and adapters, for the worker and for `doctor` (SPEC H2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client

from relance.adapters.breaker import Breakers
from relance.adapters.clock import SystemClock
from relance.adapters.everflow.reports import EverflowReports
from relance.adapters.mongo.connection import Database
from relance.adapters.probes.disk import DatabaseDiskProbe, WorkerDiskProbe
from relance.adapters.probes.everflow import EverflowProbe
from relance.adapters.probes.intake import IntakeProbe
from relance.adapters.probes.job_runs import JobRunsProbe
from relance.adapters.probes.lasting import LastingProbe
from relance.adapters.probes.ledger import FollowUpsProbe, OverdueProbe, ReminderPeople
from relance.adapters.probes.mail_relay import mail_relay_probe
from relance.adapters.probes.mongodb import MongoProbe
from relance.adapters.probes.outbox import OutboxProbe
from relance.adapters.probes.periods import PeriodsProbe
from relance.adapters.probes.quarantine import QuarantineProbe
from relance.adapters.probes.worker_processes import BreakersProbe, MemoryProbe
from relance.contracts.names import JobName, Workflow
from relance.domain.cycle.coverage import CoverageRules
from relance.domain.invitations.reconciliation import ReconcilePolicy
from relance.ports import Clock
from relance.ports.health import Probe
from relance.runtime.reporter import lately
from relance.services.coverage import CoverageWatch
from relance.settings import Settings
from relance.settings.pacing import Breaking
from relance.temporal.cycles import TemporalCycles
from relance.temporal.nominal_times import TemporalNominalTimes
from relance.temporal.probes.frontend import FrontendProbe
from relance.temporal.probes.queues import QueuesProbe, WorkersProbe
from relance.temporal.probes.schedules import MissedActionsProbe
from relance.temporal.probes.stuck import StuckProbe
from relance.temporal.schedules import declared

NEVER_OPEN = Breaking(rare_failures=1000)
"""A probe asks even when nobody else does any more: that is how it sees that the dependency is back."""

_SHORT_LIVED = (
    Workflow.OPEN_PERIOD,
    Workflow.CLEANUP,
    Workflow.RECONCILE,
    Workflow.DIGEST,
    Workflow.NOISE,
    Workflow.DEFAULT_LP,
    Workflow.PAUSED_PARTNER,
)


@asynccontextmanager
async def opened_probes(settings: Settings, database: Database, client: Client | None) -> AsyncIterator[list[Probe]]:
    """Yield the probes, without those that ask Temporal if there is no client; what they open is closed at the end."""
    everflow = settings.everflow
    hasty = everflow.model_copy(update={"timeout": min(everflow.timeout, settings.health.deadline)})
    async with EverflowReports(hasty, Breakers(NEVER_OPEN).rare("everflow")) as reports:
        asked = [EverflowProbe(reports, settings.health.deadline)] if everflow.api_key is not None else []
        temporal = _temporal(settings, database, client) if client is not None else []
        overdue = LastingProbe(_overdue(settings, database))
        try:
            yield [*_servers(settings, database), *asked, *temporal, *_house(settings, database), overdue]
        finally:
            await overdue.close()


def coverage_watch(settings: Settings, database: Database, client: Client, clock: Clock) -> CoverageWatch:
    """Return what looks whether every period that is near is looked after."""
    scheduling = settings.scheduling
    rules = CoverageRules(
        max_late=scheduling.max_late,
        planned_within=settings.health.planned_within,
        replan_every=scheduling.replan_every,
    )
    return CoverageWatch(
        coverage=database.coverage,
        controls=database.controls,
        job_runs=database.job_runs,
        fates=TemporalCycles(client),
        nominal_times=TemporalNominalTimes(client),
        rules=rules,
        zone=scheduling.default_zone,
        clock=clock,
    )


def mongo_probe(settings: Settings, database: Database) -> Probe:
    """Return the probe of MongoDB alone."""
    return MongoProbe(database.server_status, SystemClock(), settings.health.deadline)


def _servers(settings: Settings, database: Database) -> list[Probe]:
    deadline, intake = settings.health.deadline, settings.intake
    return [
        mongo_probe(settings, database),
        DatabaseDiskProbe(database.server_status, deadline),
        WorkerDiskProbe(deadline),
        mail_relay_probe(settings.mail, deadline),
        QuarantineProbe(database.quarantine, deadline),
        OutboxProbe(database.outbox, SystemClock(), deadline),
        *([_intake(settings, database)] if intake.port is not None else []),
    ]


def _intake(settings: Settings, database: Database) -> Probe:
    return IntakeProbe(
        host=settings.intake.host,
        port=settings.intake.port or 0,
        messages=database.intake_messages,
        clock=SystemClock(),
        deadline=settings.health.deadline,
    )


def _temporal(settings: Settings, database: Database, client: Client) -> list[Probe]:
    health, clock = settings.health, SystemClock()
    schedules = [schedule.id for schedule in declared(settings)]
    # The health check's own run is not over while it looks.
    jobs = [schedule for schedule in schedules if schedule != JobName.HEALTH]
    return [
        FrontendProbe(client, health.deadline),
        QueuesProbe(client, clock, health.deadline),
        WorkersProbe(client=client, clock=clock, within=health.poll_within, deadline=health.deadline),
        StuckProbe(client=client, clock=clock, jobs=_SHORT_LIVED, limit=health.job_limit, deadline=health.deadline),
        MissedActionsProbe(client, schedules, health.deadline),
        JobRunsProbe(
            jobs=jobs,
            nominal_times=TemporalNominalTimes(client),
            job_runs=database.job_runs,
            clock=clock,
            margin=health.fresh_margin,
            deadline=health.deadline,
        ),
        PeriodsProbe(coverage_watch(settings, database, client, clock), health.deadline),
    ]


def _house(settings: Settings, database: Database) -> list[Probe]:
    health, clock = settings.health, SystemClock()
    recently = lately(health.report_every)
    return [
        BreakersProbe(workers=database.workers, clock=clock, lately=recently, deadline=health.deadline),
        MemoryProbe(workers=database.workers, clock=clock, lately=recently, deadline=health.deadline),
        FollowUpsProbe(database.job_runs, health.deadline),
    ]


def _overdue(settings: Settings, database: Database) -> OverdueProbe:
    health, scheduling = settings.health, settings.scheduling
    return OverdueProbe(
        reconcile_rows=database.reconcile_rows,
        ledger=database.ledger,
        people=ReminderPeople(database.users, database.contacts, database.suppressions),
        controls=database.controls,
        policy=ReconcilePolicy(
            expiry_days=scheduling.expiry_days, max_late=scheduling.max_late, timing=scheduling.reminder_timing
        ),
        margin=health.overdue_margin,
        clock=SystemClock(),
        deadline=health.deadline,
    )
