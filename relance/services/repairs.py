"""Finds workflows that a person ended in Temporal Web, and starts them again: one small class per kind (SPEC R8).

The database says which work is left, and the server which workflows run. A workflow that is gone while its work is not
done is started again under its id, so two processes start it once. After a crash in between the reconciliation of the
next hour does the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.contracts.alerts import Sighted
from relance.contracts.control import ControlChange
from relance.contracts.rollback import RollBackInput
from relance.domain.alerts.lifecycle import Firing
from relance.domain.alerts.model import AlertRecord, AlertState
from relance.domain.alerts.suppression import INHIBITS, inhibitor
from relance.domain.cycle.control import Control, ControlState
from relance.domain.jobs.repairs import SETTLED_AFTER, Restarted, group_of
from relance.errors import NobodyAnswers
from relance.ports import Compensations, Controls, Plans
from relance.ports.repairs import AlertRestarts, CycleRestarts, WorkflowState
from relance.services.alerts import AlertService
from relance.services.cycle_alerts import notify_left, notify_unreadable


@dataclass(frozen=True, slots=True)
class AlertRepair:
    """Groups of alerts that are open in the database but have no workflow that delivers them."""

    alert_service: AlertService
    groups: AlertRestarts
    grace: timedelta = SETTLED_AFTER

    async def repair(self, at: datetime, *, dry_run: bool) -> Counter[str]:
        """Start the workflow of each such group with what is stored; return how many."""
        groups: dict[str, list[AlertRecord]] = {}
        for alert in await self.alert_service.alerts.open():
            groups.setdefault(alert.group, []).append(alert)
        causes = await self.alert_service.alerts.open_rules(sorted(INHIBITS))
        found = Counter[str]()
        for group, alerts in groups.items():
            found[Restarted.ALERT_GROUPS] += await self._one(group, alerts, causes, at, dry_run=dry_run)
        return found

    async def _one(
        self, group: str, alerts: Sequence[AlertRecord], causes: set[str], at: datetime, *, dry_run: bool
    ) -> bool:
        try:
            held = await self.groups.members(group)
        except NobodyAnswers:
            # One group that cannot be asked just now holds up no other; the next run asks it again.
            return False
        # The process that has just opened an alert is about to signal it.
        missing = [alert for alert in alerts if alert.updated_at < at - self.grace and alert.key not in (held or ())]
        if not missing or dry_run:
            return bool(missing)
        if held is None:
            inhibited_by = next((by for alert in alerts if (by := inhibitor(alert.rule, causes))), None)
            return await self.groups.start(group_of(group, alerts, at, inhibited_by))
        # An acknowledged alert needs no message; a silence ends with the next firing.
        firings = [alert for alert in missing if alert.state is AlertState.FIRING]
        if firings:
            news = tuple(Firing(firing.key, firing.severity, firing.evidence.value) for firing in firings)
            await self.alert_service.groups.sighted(group, Sighted(firings=news))
        return bool(firings)


@dataclass(frozen=True, slots=True)
class CycleRepair:
    """Cycles that were cut off. A cycle that was to end is ended; any other raises an alert."""

    alert_service: AlertService
    cycles: CycleRestarts
    controls: Controls
    plans: Plans
    compensations: Compensations
    grace: timedelta = SETTLED_AFTER

    async def repair(self, period: str, at: datetime, *, dry_run: bool) -> Counter[str]:
        """Return what was done for a period, by `Restarted`."""
        state, control = await self.cycles.cycle(period), await self.controls.get(period)
        if state is not WorkflowState.RUNNING and not dry_run:
            await self.plans.end_unreadable(period, at)
        plans_open = await self.plans.open_count(period)
        ends = control.state.final and await self._is_left(period, state, control, at)
        cut_off = state is WorkflowState.CUT_OFF or (state is WorkflowState.UNKNOWN and plans_open > 0)
        left = cut_off and not control.state.final
        if not dry_run:
            if ends:
                ends = await self.cycles.end_cycle(period, ControlChange.of(control))
            await notify_left(self.alert_service, period, plans_open, left=left)
            await notify_unreadable(self.alert_service, period, await self.plans.unreadable_count(period))
        return Counter({Restarted.CYCLES_ENDED: int(ends), Restarted.CYCLES_LEFT: int(left)})

    async def _is_left(self, period: str, state: WorkflowState, control: Control, at: datetime) -> bool:
        if state is WorkflowState.RUNNING or not _settled(control, at, self.grace):
            return False
        # What a cycle has sent before it was rolled back is taken back by RollBack.
        cancelled = await self.compensations.survey(period, ControlState.CANCELLED)
        return bool(cancelled) or state is WorkflowState.CUT_OFF


@dataclass(frozen=True, slots=True)
class RollBackRepair:
    """Cycles that are rolled back, and whose rollback was cut off or never began."""

    cycles: CycleRestarts
    controls: Controls
    compensations: Compensations
    grace: timedelta = SETTLED_AFTER

    async def repair(self, period: str, at: datetime, *, dry_run: bool) -> Counter[str]:
        """Start the rollback of a period again, with corrections if it was asked for them; return how many."""
        control = await self.controls.get(period)
        if control.state is not ControlState.ROLLED_BACK or not _settled(control, at, self.grace):
            return Counter()
        state, request = await self.cycles.rollback(period)
        if state is WorkflowState.RUNNING:
            return Counter()
        left = state is WorkflowState.CUT_OFF or await self.compensations.survey(period, control.state)
        if not left:
            return Counter()
        done = dry_run or await self.cycles.start_rollback(request or RollBackInput(period=period))
        return Counter({Restarted.ROLLBACKS: int(done)})


@dataclass(frozen=True, slots=True)
class ReportRepair:
    """Reports of cycles that were cut off before a channel took them."""

    cycles: CycleRestarts

    async def repair(self, period: str, at: datetime, *, dry_run: bool) -> Counter[str]:
        """Start the report of a period again, under the key it had: a channel that has it knows; return how many."""
        state, request = await self.cycles.report(period)
        if state is not WorkflowState.CUT_OFF or request is None:
            return Counter()
        # A cycle that goes on reports by itself when it ends.
        if await self.cycles.cycle(period) is WorkflowState.RUNNING:
            return Counter()
        return Counter({Restarted.REPORTS: int(dry_run or await self.cycles.start_report(request))})


def _settled(control: Control, at: datetime, grace: timedelta) -> bool:
    return control.at is not None and control.at <= at - grace
