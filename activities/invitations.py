"""Send one batch of a wave: queue, claim, send, record (SPEC C5-C9)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import activity

from activities import attempt
from activities.batch import People, Tally, jobs_of, unsent
from activities.failures import draining, translated
from activities.memory import rss_peak_mb
from activities.sending import Job, Order, Outcome, Sender
from relance import ids
from relance.contracts.cycle import BatchInput, BatchResult
from relance.domain.eligibility import Refusal, duplicates, invitation_refusal
from relance.domain.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.plan import Plan
from relance.domain.planning import PlanReason, too_late
from relance.ports import TAKEN, Contacts, Ledger, Plans, Refused, Suppressions, Users


@dataclass(frozen=True, slots=True)
class Invitations:
    """Send batches; needs `Users`, `Contacts`, `Suppressions`, `Plans`, `Ledger` and a `Sender`."""

    users: Users
    contacts: Contacts
    suppressions: Suppressions
    plans: Plans
    ledger: Ledger
    sender: Sender

    @activity.defn
    async def send_batch(self, request: BatchInput) -> BatchResult:
        """Send the invitations of a batch's users and return the counts.

        Safe at any moment of death: entries are queued before they are claimed, an earlier attempt's claims are taken
        over with the same Message-ID, and plans stay `sending` until their follow-ups are started.
        """
        started = time.monotonic()
        tally = Tally()
        with translated():
            async with attempt.heartbeating(lambda: tally.counts().model_dump()):
                await self._send(request, tally)
        return BatchResult(
            counts=tally.counts(),
            duration=timedelta(seconds=time.monotonic() - started),
            rss_peak_mb=rss_peak_mb(),
        )

    async def _send(self, request: BatchInput, tally: Tally) -> None:
        now = self.sender.now(request.at)
        plans = await self.plans.begin(request.period, request.instant, request.boundary, now)
        user_ids = [plan.user_id for plan in plans]
        tally.users = len(plans)
        tally.resent = await self.ledger.take_over(request.period, user_ids, attempt.token())
        people = People(*await asyncio.gather(self.users.by_ids(user_ids), self.contacts.of_users(user_ids)))
        entries = await self._queue(request, plans, people, now)
        tally.begin_with(entries)
        await self.plans.expect(request.period, {user_id: len(entries.get(user_id, [])) for user_id in user_ids})
        jobs, orphans = jobs_of(plans, people, unsent(entries), request.expiry_days)
        for entry in orphans:
            await self.ledger.skip(entry.id, MailKind.INVITATION, Refusal.CONTACT_MISSING, now)
        tally.outcomes[Refused] += len(orphans)
        open_jobs = len(jobs)
        order = Order(attempt.token(), request.at, self.sender.mailer.connections, attempt.is_draining)

        def done(job: Job, outcome: Outcome) -> None:
            nonlocal open_jobs
            if isinstance(outcome, Refused) and outcome.reason == TAKEN:
                return
            open_jobs -= 1
            tally.outcomes[type(outcome)] += 1

        await self.sender.send(jobs, order, done)
        if open_jobs:
            raise draining()

    async def _queue(
        self, request: BatchInput, plans: Sequence[Plan], people: People, now: datetime
    ) -> dict[str, list[Invitation]]:
        """Write the intent for every contact before anything is sent; return the entries as they are now."""
        addresses = [one.email for found in people.contacts.values() for one in found if one.email]
        suppressed = await self.suppressions.suppressed(addresses)
        wanted = [entry for plan in plans for entry in _entries(plan, people, suppressed, request.max_late, now)]
        new = await self.ledger.queue(wanted)
        if new < len(wanted):
            return await self.ledger.of_users(request.period, [plan.user_id for plan in plans])
        entries: dict[str, list[Invitation]] = {}
        for entry in wanted:
            entries.setdefault(entry.user_id, []).append(entry)
        return entries


def _entries(
    plan: Plan, people: People, suppressed: set[str], max_late: timedelta, now: datetime
) -> Iterator[Invitation]:
    user = people.users.get(plan.user_id)
    contacts = people.contacts.get(plan.user_id, [])
    twice = duplicates(contacts)
    for contact in contacts:
        reason: str | None = invitation_refusal(user, contact, suppressed=contact.email in suppressed)
        if reason is None and contact.id in twice:
            reason = Refusal.DUPLICATE_ADDRESS
        if reason is None and too_late(plan.instant, now, max_late):
            reason = PlanReason.TOO_LATE
        yield Invitation(
            id=ids.invitation_id(plan.period, plan.user_id, contact.id),
            period=plan.period,
            user_id=plan.user_id,
            contact_id=contact.id,
            status=InvitationStatus.SKIPPED if reason else InvitationStatus.QUEUED,
            reason=reason,
            queued_at=now,
        )
