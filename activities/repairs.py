"""Restarts workflows that a person ended in Temporal Web before their work was done (SPEC R8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities import attempt
from activities.errors import translated
from relance.contracts.jobs import JobOutcome, JobRequest
from relance.domain.alerts.model import Rule
from relance.domain.cycle.send_times import current_period, next_period
from relance.domain.invitations.reconciliation import ReconcilePolicy
from relance.domain.jobs.repairs import Restarted, restarted
from relance.ports import Clock
from relance.ports.reconciliation import ReconcileRows
from relance.services.alerts import AlertService
from relance.services.conditions import WORKFLOWS, workflows_restarted
from relance.services.privacy import ForgettingRepair
from relance.services.repairs import AlertRepair


class PeriodRepair(Protocol):
    """One kind of workflow that belongs to a period."""

    async def repair(self, period: str, at: datetime, *, dry_run: bool) -> Counter[str]:
        """Start it again if it was cut off; return what was done, by `Restarted`."""


@dataclass(frozen=True, slots=True)
class Repairs:
    """Repairs period by period, then the alert groups. What is repaired is not found again."""

    reconcile_rows: ReconcileRows
    by_period: Sequence[PeriodRepair]
    alerts: AlertRepair
    alert_service: AlertService
    policy: ReconcilePolicy
    clock: Clock
    forgettings: ForgettingRepair | None = None

    @activity.defn
    async def repair(self, request: JobRequest) -> JobOutcome:
        """Return what was started again, by `Restarted`; goes on at the period where it was cut off."""
        known = activity.info().heartbeat_details
        reached, counts = (str(known[0][0]), Counter[str](known[0][1])) if known else ("", Counter[str]())
        with translated():
            async with attempt.heartbeating(lambda: (reached, dict(counts))):
                at = self.clock.now()
                for period in [period for period in await self._periods(at) if period > reached]:
                    found = Counter[str]()
                    for place in self.by_period:
                        found += await place.repair(period, at, dry_run=request.dry_run)
                    # Counted with the place it belongs to, and notified at once: a failure comes sooner than a
                    # heartbeat.
                    counts, reached = counts + found, period
                    activity.heartbeat((reached, dict(counts)))
                if not request.dry_run:
                    await self._notify(counts)
                    if self.forgettings is not None:
                        await self.forgettings.repair()
                # What was fired above is later than `at`, and its signal is under way.
                counts += await self.alerts.repair(at, dry_run=request.dry_run)
        return JobOutcome(counts={**dict.fromkeys(Restarted, 0), **counts})

    async def _periods(self, at: datetime) -> list[str]:
        # A cycle that was cut off before it planned has no plans.
        current = current_period(at, "UTC")
        known = {*await self.reconcile_rows.periods(), current, next_period(current)}
        return sorted(period for period in known if self.policy.watches(period, at))

    async def _notify(self, counts: Counter[str]) -> None:
        if restarted(counts) > self.policy.alert_above:
            await self.alert_service.fire([workflows_restarted(counts, self.policy)])
        else:
            await self.alert_service.clear(Rule.RECONCILIATION, WORKFLOWS)
