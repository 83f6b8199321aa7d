"""Send one batch of a wave: queue, claim, send, record (SPEC C5-C9)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from temporalio import activity

from activities import attempt
from activities.attempt import rss_peak_mb
from activities.errors import draining, translated
from relance import ids
from relance.concurrency import in_background, stepwise
from relance.contracts.cycle import BatchInput, BatchResult
from relance.domain.cycle.planning import Plan, PlanReason, too_late
from relance.domain.invitations.bounds import beyond, parts
from relance.domain.invitations.eligibility import Refusal, duplicates, invitation_refusal
from relance.domain.invitations.holdout import NOBODY, HoldOut
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind
from relance.errors import DependencyUnavailable, MailError
from relance.ports import TAKEN, Contacts, Ledger, Plans, ProgressNotes, Refused, Suppressions, Users
from relance.sending.batch import BatchPeople, BatchTally, by_turns, jobs_of, unsent
from relance.sending.control_watch import ControlPoller, ControlSnapshot
from relance.sending.error_gate import Gates
from relance.sending.mail_task import MailTask, Outcome, SendOptions
from relance.sending.sender import Sender
from relance.sending.uncertain import doubted_by_restore, is_doubtful, settled_in_batch

NOTE_EVERY_S = 3.0
"""With the time it takes to tell, what the queries of waves and cycles say is less than five seconds old (SPEC C12)."""

IN_MEMORY = 2000
"""Contacts of a batch that are in memory at once, and more only of a single user."""


@dataclass(frozen=True, slots=True)
class Invitations:
    """Send batches; needs `Users`, `Contacts`, `Suppressions`, `Plans`, `Ledger`, `Sender`, `ControlPoller`, gates.

    `ProgressNotes` hear how far a batch is.
    """

    users: Users
    contacts: Contacts
    suppressions: Suppressions
    plans: Plans
    ledger: Ledger
    sender: Sender
    control: ControlPoller
    gates: Gates
    hold_out: HoldOut = NOBODY
    notes: ProgressNotes | None = None

    @activity.defn
    async def send_batch(self, request: BatchInput) -> BatchResult:
        """Send the invitations of a batch's users and return the counts.

        Safe at any moment of death: entries are queued before they are claimed, an earlier attempt's claims are taken
        over and settled at the end, at the relay's log or by sending them again with the same Message-ID, and plans
        stay `sending` until their follow-ups are started. When the cycle is paused or stopped, mails in flight are
        finished and recorded; the same batch again goes on with the rest.
        """
        started = time.monotonic()
        tally = BatchTally()
        with translated():
            async with (
                attempt.heartbeating(lambda: tally.counts().model_dump()),
                in_background(self._keep_noting(request, tally)),
                self.control.watching(request.period) as snapshot,
            ):
                finished = not snapshot.stops and await self._send(request, tally, snapshot)
                # Most are done sooner than the first note is due, and after the last one the cycle hears of none.
                await self._note(request, tally)
        return BatchResult(
            counts=tally.counts(),
            duration=timedelta(seconds=time.monotonic() - started),
            rss_peak_mb=rss_peak_mb(),
            stopped=not finished,
        )

    async def _keep_noting(self, request: BatchInput, tally: BatchTally) -> None:
        while True:
            await asyncio.sleep(NOTE_EVERY_S)
            await self._note(request, tally)

    async def _note(self, request: BatchInput, tally: BatchTally) -> None:
        if self.notes is not None:
            await self.notes.note(request, tally.counts())

    async def _send(self, request: BatchInput, tally: BatchTally, snapshot: ControlSnapshot) -> bool:
        """Send the batch; return whether it was finished."""
        plans = await self.plans.begin(request.period, request.instant, request.boundary, self.sender.now(request.at))
        user_ids = [plan.user_id for plan in plans]
        tally.users = len(plans)
        await self.ledger.take_over(request.period, user_ids, attempt.token())
        sizes = await self.contacts.sizes(user_ids)
        for part in parts(sizes, self.contacts.per_user, IN_MEMORY):
            some = [plan for plan in plans if plan.user_id in part]
            if not await self._send_part(request, some, sizes, tally, snapshot):
                return False
        return True

    async def _send_part(
        self,
        request: BatchInput,
        plans: Sequence[Plan],
        sizes: Mapping[str, int],
        tally: BatchTally,
        snapshot: ControlSnapshot,
    ) -> bool:
        """Send what some users of the batch have to send; return whether it was finished."""
        now, user_ids = self.sender.now(request.at), [plan.user_id for plan in plans]
        people = BatchPeople(*await asyncio.gather(self.users.by_ids(user_ids), self.contacts.of_users(user_ids)))
        entries = await self._queue(request, plans, people, now)
        tally.begin_with(entries)
        rest = beyond({user_id: sizes[user_id] for user_id in user_ids}, self.contacts.per_user)
        tally.outcomes[Refused] += sum(rest.values())
        found = {user_id: len(entries.get(user_id, [])) for user_id in user_ids}
        await self.plans.expect(request.period, found, rest)
        jobs, orphans = jobs_of(plans, people, unsent(entries), request.expiry_days)
        for entry in orphans:
            await self.ledger.skip(entry.id, MailKind.INVITATION, Refusal.CONTACT_MISSING, now)
        tally.outcomes[Refused] += len(orphans)
        jobs = await self._in_time(request, await doubted_by_restore(self.sender, jobs), now, tally)
        open_jobs = len(jobs)
        gate = self.gates.of(snapshot.control)
        if not gate.canary_over:
            # The canary is to tell about many address books.
            jobs = by_turns(jobs)
        order = SendOptions(
            attempt.token(),
            request.at,
            self.sender.mailer.connections,
            lambda: snapshot.stops or gate.closed or attempt.is_draining(),
            gate,
        )

        def done(job: MailTask, outcome: Outcome) -> None:
            nonlocal open_jobs
            if isinstance(outcome, Refused) and outcome.reason == TAKEN:
                return
            open_jobs -= 1
            tally.outcomes[type(outcome)] += 1

        async with gate.sending():
            try:
                await self._hand_over(jobs, order, done, tally)
            except (MailError, DependencyUnavailable):
                # A relay that does not even talk to us is no reason to try again, but to ask a person.
                if not gate.closed:
                    raise
            await gate.stopped()
        if open_jobs and not (snapshot.stops or gate.closed):
            raise draining()
        if not open_jobs and await self.ledger.untried(request.period, user_ids):
            # A result that found no claim of ours was not recorded: an attempt that was given up came in between.
            raise draining()
        return not open_jobs

    async def _in_time(
        self, request: BatchInput, jobs: list[MailTask], now: datetime, tally: BatchTally
    ) -> list[MailTask]:
        """Return the mails that may still be sent: what a pause has held for too long is skipped (SPEC C14)."""
        if not too_late(request.instant, now, request.max_late):
            return jobs
        # Of those in doubt it is first found out whether they have arrived.
        doubtful = [job for job in jobs if is_doubtful(self.sender, job)]
        for job in jobs:
            if job not in doubtful:
                await self.ledger.skip(job.invitation.id, MailKind.INVITATION, PlanReason.TOO_LATE, now)
        tally.outcomes[Refused] += len(jobs) - len(doubtful)
        return doubtful

    async def _hand_over(
        self, jobs: Sequence[MailTask], order: SendOptions, done: Callable[[MailTask, Outcome], None], tally: BatchTally
    ) -> None:
        """Send the mails nobody has tried; then those in doubt, unless they turn out to have arrived."""
        doubtful = [job for job in jobs if is_doubtful(self.sender, job)]
        await self.ledger.take_slots({job.invitation.id: job.contact.email for job in jobs})
        await self.sender.send([job for job in jobs if not is_doubtful(self.sender, job)], order, done)
        if doubtful and not order.stop():
            again = await settled_in_batch(self.sender, doubtful, order, done)
            tally.resent += len(again)
            await self.sender.send(again, order, done)

    async def _queue(
        self, request: BatchInput, plans: Sequence[Plan], people: BatchPeople, now: datetime
    ) -> dict[str, list[Invitation]]:
        """Write the intent for every contact before anything is sent; return the entries as they are now."""
        addresses = [contact.email for found in people.contacts.values() for contact in found if contact.email]
        suppressed = await self.suppressions.suppressed(addresses)
        intents = (self._entries(plan, people, suppressed, request.max_late, now) for plan in plans)
        wanted = [entry async for entry in stepwise(chain.from_iterable(intents))]
        new = await self.ledger.queue(wanted)
        if new < len(wanted):
            return await self.ledger.of_users(request.period, [plan.user_id for plan in plans])
        entries: dict[str, list[Invitation]] = {}
        for entry in wanted:
            entries.setdefault(entry.user_id, []).append(entry)
        return entries

    def _entries(
        self, plan: Plan, people: BatchPeople, suppressed: set[str], max_late: timedelta, now: datetime
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
            invitation_id = ids.invitation_id(plan.period, plan.user_id, contact.id)
            yield Invitation(
                id=invitation_id,
                period=plan.period,
                user_id=plan.user_id,
                contact_id=contact.id,
                status=InvitationStatus.SKIPPED if reason else InvitationStatus.QUEUED,
                reason=reason,
                # Decided once, with the invitation: a later change of the percentage changes no arm of this period.
                held_out=self.hold_out.kinds(invitation_id),
                queued_at=now,
            )
