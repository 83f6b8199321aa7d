"""The activities of the jobs that keep the house: cleanup, reconciliation, digests (SPEC H1, R8, A2, A3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from activities.alerts import AlertDelivery
from activities.cleanup import Cleanup
from activities.digests import Digests
from activities.reconcile import Reconciliation
from composition.connections import Connections
from relance.adapters.mongo.archive import MongoArchive
from relance.adapters.mongo.followees import MongoFollowees
from relance.adapters.mongo.posted_reports import MongoPostedReports
from relance.alerting import AlertDesk
from relance.clock import SystemClock
from relance.domain.reconciliation import ReconcilePolicy
from relance.settings import Settings
from relance.temporal.cycles import TemporalCycles
from relance.temporal.follow_up_watch import TemporalFollowUpWatch
from relance.temporal.follow_ups import TemporalFollowUps


def upkeep_of(
    settings: Settings, open_: Connections, desk: AlertDesk, delivery: AlertDelivery
) -> list[Callable[..., Any]]:
    """Return the activities, with their dependencies."""
    clean, tell = cleanup(settings, open_), digests(settings, open_, delivery)
    return [
        reconciliation(settings, open_, desk).reconcile,
        clean.expire,
        clean.ended,
        clean.sweep,
        tell.take_report,
        tell.post_report,
        tell.report_done,
        tell.give_report_up,
    ]


def reconciliation(settings: Settings, open_: Connections, desk: AlertDesk) -> Reconciliation:
    """Return what compares the ledger with the follow-ups."""
    data, scheduling = open_.database, settings.scheduling
    policy = ReconcilePolicy(
        settings.reconcile.margin, settings.reconcile.alert_above, scheduling.expiry_days, scheduling.max_late
    )
    return Reconciliation(
        MongoFollowees(data.raw),
        data.users,
        data.contacts,
        data.suppressions,
        data.plans,
        data.ledger,
        data.controls,
        TemporalFollowUpWatch(open_.client),
        TemporalCycles(open_.client),
        desk,
        policy,
        SystemClock(),
    )


def cleanup(settings: Settings, open_: Connections) -> Cleanup:
    """Return what takes away what is past its time."""
    data = open_.database
    return Cleanup(
        MongoArchive(data.raw, data.suppressions),
        data.ledger,
        TemporalFollowUps(open_.client),
        TemporalCycles(open_.client),
        settings.retention.policy(settings.jobs.runs_kept),
    )


def digests(settings: Settings, open_: Connections, delivery: AlertDelivery) -> Digests:
    """Return what tells people about days and weeks."""
    data = open_.database
    return Digests(
        data.alerts,
        data.job_runs,
        data.ledger,
        data.plans,
        MongoFollowees(data.raw),
        TemporalCycles(open_.client),
        MongoPostedReports(data.raw.postedReports),
        delivery,
        settings.digest.when_quiet,
    )
