"""Is what the ledger promises being kept: do reminders go out in time, and is every follow-up there?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.contracts.names import JobName
from relance.domain.health.probes import ProbeName
from relance.domain.invitations.invitation import Invitation
from relance.domain.invitations.reconciliation import NEVER, ReconcilePolicy, Repair, is_open, late_since, overdue
from relance.domain.jobs.run import DONE
from relance.ports import Clock, Contacts, Controls, JobRuns, Ledger, Suppressions, Users
from relance.ports.health import ProbeReading
from relance.ports.reconciliation import ReconcileRow, ReconcileRows

PAGE = 500
ENOUGH = 1000
"""Counted no further: it is bad enough."""


@dataclass(frozen=True, slots=True)
class ReminderPeople:
    """Who decides whether an invitation may still be reminded of."""

    users: Users
    contacts: Contacts
    suppressions: Suppressions


@dataclass(frozen=True, slots=True)
class OverdueProbe:
    """Reminders and later tries that should have been made by now, of cycles that are not
    paused and have not just gone on.

    Asks as the reconciliation does (SPEC R8), so that both mean the same by it.
    """

    reconcile_rows: ReconcileRows
    ledger: Ledger
    people: ReminderPeople
    controls: Controls
    policy: ReconcilePolicy
    margin: timedelta
    clock: Clock
    deadline: float
    name: str = ProbeName.OVERDUE

    async def look(self) -> ProbeReading:
        """Return how many, and of which period the first is."""
        now, count, where = self.clock.now(), 0, ""
        for period in await self.reconcile_rows.periods():
            if not self.policy.watches(period, now):
                continue
            since = late_since(await self.controls.get(period), now, self.margin)
            if since == NEVER:
                continue
            async for page in self._pages(period, now, since):
                late = [row.user_id for row in page if row.overdue]
                found = await self._overdue(period, late, since) if late else 0
                count, where = count + found, where or (period if found else "")
                if count >= ENOUGH:
                    return ProbeReading(float(count), "", where)
        return ProbeReading(float(count), "", where)

    async def _pages(self, period: str, now: datetime, since: datetime) -> AsyncIterator[Sequence[ReconcileRow]]:
        after = None
        while page := await self.reconcile_rows.page(period, after, PAGE, at=now, late_since=since):
            yield page
            after = page[-1].user_id

    async def _overdue(self, period: str, user_ids: Sequence[str], since: datetime) -> int:
        entries = [entry for those in (await self.ledger.of_users(period, user_ids)).values() for entry in those]
        late = [
            (invitation, count) for invitation in entries if (count := overdue(invitation, since, self.policy.timing))
        ]
        open_ = await self._open([entry for entry, _ in late])
        return sum(count for entry, count in late if entry.id in open_)

    async def _open(self, entries: Sequence[Invitation]) -> set[str]:
        """Return which of these may still be sent to: who opted out meanwhile is not reminded, and nothing is late."""
        users = await self.people.users.by_ids(sorted({invitation.user_id for invitation in entries}))
        contacts = await self.people.contacts.by_ids([invitation.contact_id for invitation in entries])
        addresses = sorted({contact.email for contact in contacts.values() if contact.email})
        suppressed = await self.people.suppressions.suppressed(addresses)
        return {
            invitation.id
            for invitation in entries
            for contact in [contacts.get(invitation.contact_id)]
            if is_open(
                invitation,
                users.get(invitation.user_id),
                contact,
                suppressed=contact is not None and contact.email in suppressed,
            )
        }


@dataclass(frozen=True, slots=True)
class FollowUpsProbe:
    """Follow-ups that were not there when the reconciliation looked last; to ask for each anew would cost too much."""

    job_runs: JobRuns
    deadline: float
    name: str = ProbeName.FOLLOW_UPS

    async def look(self) -> ProbeReading:
        """Return how many were missing, and as of when."""
        runs = await self.job_runs.runs(job=JobName.RECONCILE, limit=10)
        newest = next((run for run in runs if run.state in DONE), None)
        if newest is None:
            return ProbeReading(0.0, "", "never_looked")
        missing = newest.detail.get(Repair.FOLLOW_UPS_RESTARTED, 0)
        return ProbeReading(float(missing), "", f"{newest.nominal:%Y-%m-%d %H:%M} UTC")
