"""Makes the activities of the maintenance jobs: cleanup, reconciliation, digests (SPEC H1, R8, A2, A3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from activities.alerts import AlertDelivery
from activities.cleanup import Cleanup
from activities.digests import Digests
from activities.privacy import PersonForgetting
from activities.reconcile import Reconciliation
from activities.repairs import Repairs
from activities.waking import Waking
from composition.connections import Connections
from relance.adapters.clock import SystemClock
from relance.domain.invitations.reconciliation import ReconcilePolicy
from relance.services.alerts import AlertService
from relance.services.open_tracking import ConsentWatch
from relance.services.privacy import Forgetting, ForgettingRepair
from relance.services.repairs import AlertRepair, CycleRepair, ReportRepair, RollBackRepair
from relance.settings import Settings
from relance.temporal.cycles import TemporalCycles
from relance.temporal.follow_up_watch import TemporalFollowUpWatch
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.privacy import TemporalForgettings, TemporalPersonFollowUps
from relance.temporal.repairs import TemporalAlertRestarts, TemporalCycleRestarts
from relance.temporal.schedules import cycle_options


def maintenance_of(
    settings: Settings, open_: Connections, alert_service: AlertService, delivery: AlertDelivery
) -> list[Callable[..., Any]]:
    """Return the activities, with their dependencies."""
    clean, tell = cleanup(settings, open_), digests(settings, open_, delivery)
    forgets = PersonForgetting(forgetting(open_))
    return [
        reconciliation(settings, open_, alert_service).reconcile,
        waking(settings, open_).wake_held,
        repairs(settings, open_, alert_service).repair,
        forgets.forget_person,
        forgets.look_again,
        clean.expire,
        clean.ended,
        clean.sweep,
        tell.take_report,
        tell.post_report,
        tell.report_done,
        tell.give_report_up,
    ]


def reconciliation(settings: Settings, open_: Connections, alert_service: AlertService) -> Reconciliation:
    """Return what compares the ledger with the follow-ups."""
    data = open_.database
    return Reconciliation(
        reconcile_rows=data.reconcile_rows,
        users=data.users,
        contacts=data.contacts,
        suppressions=data.suppressions,
        plans=data.plans,
        ledger=data.ledger,
        controls=data.controls,
        follow_ups=TemporalFollowUpWatch(open_.client, settings.worker.follow_up_queue),
        cycles=TemporalCycles(open_.client),
        alert_service=alert_service,
        policy=_policy(settings),
        clock=SystemClock(),
        consents=ConsentWatch(data.contacts, data.opens),
    )


def forgetting(open_: Connections) -> Forgetting:
    """Return what forgets a person."""
    data = open_.database
    return Forgetting(
        data=data.person_data,
        erasures=data.erasures,
        follow_ups=TemporalPersonFollowUps(open_.client, data.ledger),
        clock=SystemClock(),
    )


def waking(settings: Settings, open_: Connections) -> Waking:
    """Return what wakes the follow-ups after a pause."""
    data = open_.database
    return Waking(
        reconcile_rows=data.reconcile_rows,
        controls=data.controls,
        follow_ups=TemporalFollowUpWatch(open_.client, settings.worker.follow_up_queue),
        together=settings.worker.woken_together,
        clock=SystemClock(),
    )


def repairs(settings: Settings, open_: Connections, alert_service: AlertService) -> Repairs:
    """Return what starts workflows again that were ended by hand."""
    data, grace = open_.database, settings.reconcile.grace
    cycles = TemporalCycleRestarts(open_.client, cycle_options(settings))
    return Repairs(
        reconcile_rows=data.reconcile_rows,
        by_period=(
            CycleRepair(
                alert_service=alert_service,
                cycles=cycles,
                controls=data.controls,
                plans=data.plans,
                compensations=data.compensations,
                grace=grace,
            ),
            RollBackRepair(cycles=cycles, controls=data.controls, compensations=data.compensations, grace=grace),
            ReportRepair(cycles),
        ),
        alerts=AlertRepair(alert_service, TemporalAlertRestarts(open_.client, settings.alerts.policy), grace),
        alert_service=alert_service,
        policy=_policy(settings),
        clock=SystemClock(),
        forgettings=ForgettingRepair(data.erasures, TemporalForgettings(open_.client), SystemClock()),
    )


def _policy(settings: Settings) -> ReconcilePolicy:
    scheduling, reconcile = settings.scheduling, settings.reconcile
    return ReconcilePolicy(
        margin=reconcile.margin,
        alert_above=reconcile.alert_above,
        expiry_days=scheduling.expiry_days,
        max_late=scheduling.max_late,
        timing=scheduling.reminder_timing,
    )


def cleanup(settings: Settings, open_: Connections) -> Cleanup:
    """Return what takes away what is past its time."""
    data = open_.database
    return Cleanup(
        archive=data.archive,
        ledger=data.ledger,
        follow_ups=TemporalFollowUps(open_.client, data.ledger),
        cycles=TemporalCycles(open_.client),
        retention=settings.retention.policy(settings.jobs.runs_kept),
    )


def digests(settings: Settings, open_: Connections, delivery: AlertDelivery) -> Digests:
    """Return the activities of the daily and weekly reports."""
    data = open_.database
    return Digests(
        alerts=data.alerts,
        job_runs=data.job_runs,
        ledger=data.ledger,
        plans=data.plans,
        reconcile_rows=data.reconcile_rows,
        cycles=TemporalCycles(open_.client),
        posted=data.posted_reports,
        delivery=delivery,
        when_quiet=settings.digest.when_quiet,
    )
