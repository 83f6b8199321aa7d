"""Compare what the ledger says is still to come with the follow-ups that run, and repair the difference (SPEC R8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities import attempt
from activities.errors import translated
from activities.follow_up_inputs import follow_ups_of, revived_inputs
from relance import ids
from relance.concurrency import at_once
from relance.contracts.control import ControlChange
from relance.contracts.follow_up import FollowUpInput
from relance.contracts.jobs import JobOutcome, JobRequest
from relance.domain.alerts.model import Rule
from relance.domain.cycle.control import Control, ControlState
from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.invitation import Invitation
from relance.domain.invitations.reconciliation import (
    ReconcilePolicy,
    Repair,
    is_alarming,
    is_open,
    is_stale,
    is_unsent,
    late_since,
    overdue,
)
from relance.domain.invitations.unsent import end_of_plan
from relance.ports import Clock, Contacts, Controls, Ledger, Plans, Suppressions, Users
from relance.ports.reconciliation import CycleCorrection, FollowUpWatch, ReconcileRow, ReconcileRows
from relance.services.alerts import AlertService
from relance.services.conditions import SUBJECT, WATCHED, drift_detected
from relance.services.open_tracking import ConsentWatch

PAGE = 500
_STALE = {PlanStatus.PLANNED, PlanStatus.SENDING}


@dataclass(frozen=True, slots=True)
class ReconciledPeriod:
    """The state of a period at one moment: the instant, the control of its cycle, and whether the cycle runs.

    A plan that was due before `stale_since` is left behind. A mail that was due before `late_since` is overdue.
    """

    period: str
    at: datetime
    stale_since: datetime
    late_since: datetime
    control: Control
    cycle_runs: bool
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Repairs page by page. What is repaired is not found again, so a run after a crash does the rest.

    consents: whose openings of mails are to be forgotten, which is looked after every hour as well.
    """

    reconcile_rows: ReconcileRows
    users: Users
    contacts: Contacts
    suppressions: Suppressions
    plans: Plans
    ledger: Ledger
    controls: Controls
    follow_ups: FollowUpWatch
    cycles: CycleCorrection
    alert_service: AlertService
    policy: ReconcilePolicy
    clock: Clock
    consents: ConsentWatch | None = None

    @activity.defn
    async def reconcile(self, request: JobRequest) -> JobOutcome:
        """Return what was repaired, by `Repair`, and how many users were looked at; goes on where it was cut off."""
        known = activity.info().heartbeat_details
        reached, counted = known[0] if known else (("", None), {})
        place, counts = (str(reached[0]), reached[1]), Counter[str](counted)
        with translated():
            async with attempt.heartbeating(lambda: (place, counts)):
                if self.consents is not None and not request.dry_run:
                    await self.consents.forget_withdrawn()
                for period in await self._periods(place[0]):
                    after = place[1] if period == place[0] else None
                    place = (period, after)
                    look = await self._look(period, request)
                    counts += await self._correct(look)
                    while look.control.state is not ControlState.ROLLED_BACK and (
                        page := await self._page(look, after)
                    ):
                        # Counted with the place it belongs to: a heartbeat never holds one without the other.
                        found = await self._mend(look, page)
                        after = page[-1].user_id
                        counts, place = counts + found, (period, after)
                if not request.dry_run:
                    await self._notify(counts)
        return JobOutcome(counts={WATCHED: 0, **dict.fromkeys(Repair, 0), **counts})

    async def _periods(self, reached: str) -> list[str]:
        now = self.clock.now()
        return [
            period
            for period in await self.reconcile_rows.periods()
            if period >= reached and self.policy.watches(period, now)
        ]

    async def _look(self, period: str, request: JobRequest) -> ReconciledPeriod:
        at = self.clock.now()
        control = await self.controls.get(period)
        runs = await self.cycles.runs(period)
        margin = self.policy.margin
        return ReconciledPeriod(
            period=period,
            at=at,
            stale_since=at - margin,
            late_since=late_since(control, at, margin),
            control=control,
            cycle_runs=runs,
            dry_run=request.dry_run,
        )

    async def _correct(self, look: ReconciledPeriod) -> Counter[str]:
        """Signal the stored control to a cycle: the process that stored it may have died before the signal (C11)."""
        if look.dry_run or not look.cycle_runs:
            return Counter()
        corrected = await self.cycles.correct(look.period, ControlChange.of(look.control))
        return Counter({Repair.CYCLES_TOLD: 1}) if corrected else Counter()

    async def _page(self, look: ReconciledPeriod, after: str | None) -> list[ReconcileRow]:
        return await self.reconcile_rows.page(look.period, after, PAGE, at=look.at, late_since=look.late_since)

    async def _mend(self, look: ReconciledPeriod, page: Sequence[ReconcileRow]) -> Counter[str]:
        # While its plan is open a user's follow-ups are the wave's to start.
        done = [row for row in page if row.plan not in _STALE and row.ahead]
        stale = [
            row
            for row in page
            if row.plan in _STALE
            and not look.cycle_runs
            and is_stale(row.plan, row.instant, look.stale_since, look.control.state)
        ]
        asked = [
            follow_up for reconcile_row in (*done, *stale) for follow_up in follow_ups_of(look.period, reconcile_row)
        ]
        running = await self.follow_ups.running_among(asked)
        doubtful = [row for row in done if not running.issuperset(follow_ups_of(look.period, row)) or row.overdue]
        entries = await self.ledger.of_users(look.period, [row.user_id for row in (*doubtful, *stale)])
        open_ = await self._open([entry for those in entries.values() for entry in those])
        counts = Counter({WATCHED: len(page)})
        for row in stale:
            counts += await self._finish(look, row, entries.get(row.user_id, []), open_, running)
        revived = await at_once(doubtful, lambda row: self._revive(look, entries[row.user_id], open_, running))
        return sum(revived, counts)

    async def _open(self, entries: Sequence[Invitation]) -> dict[str, bool]:
        """Return per invitation whether anything may still be sent, as of now."""
        users = await self.users.by_ids(sorted({invitation.user_id for invitation in entries}))
        contacts = await self.contacts.by_ids([invitation.contact_id for invitation in entries])
        suppressed = await self.suppressions.suppressed(
            sorted({person.email for person in contacts.values() if person.email})
        )
        return {
            invitation.id: is_open(
                invitation,
                users.get(invitation.user_id),
                (contact := contacts.get(invitation.contact_id)),
                suppressed=contact is not None and contact.email in suppressed,
            )
            for invitation in entries
        }

    async def _finish(
        self,
        look: ReconciledPeriod,
        row: ReconcileRow,
        entries: list[Invitation],
        open_: dict[str, bool],
        running: set[str],
    ) -> Counter[str]:
        """Finish a plan that its cycle has left behind; whom it has not sent to only a cycle can send to."""
        expected = row.contacts if row.plan is PlanStatus.SENDING else None
        if expected is None or len(entries) < expected or any(is_unsent(entry) for entry in entries):
            return Counter({Repair.PLANS_STUCK: 1})
        revived = await self._revive(look, entries, open_, running)
        if not look.dry_run:
            end = end_of_plan(entries)
            await self.plans.finish(look.period, [row.user_id], end.status, look.at, end.reason)
        return revived + Counter({Repair.PLANS_FINISHED: 1})

    async def _revive(
        self, look: ReconciledPeriod, entries: list[Invitation], open_: dict[str, bool], running: set[str]
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        for request, those in revived_inputs(entries, open_, look.at, self.policy.expiry_days):
            kind, count = self._trouble(look, request, those, running)
            counts[kind] += count
            if count and not look.dry_run:
                await self.follow_ups.revive(request)
        return +counts

    def _trouble(
        self, look: ReconciledPeriod, request: FollowUpInput, those: Sequence[Invitation], running: set[str]
    ) -> tuple[Repair, int]:
        if ids.follow_up_workflow_id(request.period, request.user_id, request.part) not in running:
            return Repair.FOLLOW_UPS_RESTARTED, 1
        late = sum(overdue(row, look.late_since, self.policy.timing) for row in those)
        return Repair.REMINDERS_WOKEN, late

    async def _notify(self, counts: Counter[str]) -> None:
        if is_alarming(counts, self.policy):
            await self.alert_service.fire([drift_detected(counts, self.policy)])
        else:
            await self.alert_service.clear(Rule.RECONCILIATION, SUBJECT)
