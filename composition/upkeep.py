"""The activities of the jobs that keep the house: cleanup, reconciliation, digests (SPEC H1, R8, A2, A3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from activities.reconcile import Reconciliation
from composition.connections import Connections
from relance.adapters.mongo.followees import MongoFollowees
from relance.alerting import AlertDesk
from relance.clock import SystemClock
from relance.domain.reconciliation import ReconcilePolicy
from relance.settings import Settings
from relance.temporal.cycles import TemporalCycles
from relance.temporal.follow_up_watch import TemporalFollowUpWatch


def upkeep_of(settings: Settings, open_: Connections, desk: AlertDesk) -> list[Callable[..., Any]]:
    """Return the activities, with their dependencies."""
    return [reconciliation(settings, open_, desk).reconcile]


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
