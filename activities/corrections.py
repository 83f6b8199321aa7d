"""The correction of a cycle that was rolled back: one mail to each contact that was invited (SPEC C11)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities import attempt
from activities.errors import draining, resting, translated
from relance.contracts.rollback import CorrectionInput, CorrectionResult
from relance.domain.invitations.invitation import MailKind
from relance.domain.invitations.reminders import ReminderRefusal, correction_refusal
from relance.errors import DependencyUnavailable, MailError
from relance.ports import TAKEN, Compensations, Contacts, Deferred, Ledger, Refused, Users
from relance.sending.batch import BatchTally
from relance.sending.mail_task import MailTask, Outcome, SendOptions
from relance.sending.rest_gate import REST, RestGate
from relance.sending.sender import Sender

USERS = 200
_DECIDED = {ReminderRefusal.ALREADY_SENT, ReminderRefusal.ALREADY_DECIDED}


@dataclass(frozen=True, slots=True)
class Corrections:
    """Send corrections; needs `Users`, `Contacts`, `Ledger`, `Compensations`, a `Sender` and the `RestGate`."""

    users: Users
    contacts: Contacts
    ledger: Ledger
    compensations: Compensations
    sender: Sender
    rest: RestGate

    @activity.defn
    async def send_corrections(self, request: CorrectionInput) -> CorrectionResult:
        """Send the corrections of one page of users, each claimed first, so that nobody gets a second one.

        What a crash leaves open is recorded as uncertain and not sent again, as with reminders. While the relay refuses
        us the page is tried again every ten minutes: a rollback cannot be paused.
        """
        tally = BatchTally()
        with translated():
            async with attempt.heartbeating(lambda: tally.counts().model_dump()):
                page = await self.compensations.users(request.period, request.after, USERS)
                users = [user for user in page if request.last is None or user <= request.last]
                tally.users = len(users)
                retry_at = await self._send(request, users, tally) if users else None
        last = users[-1] if len(page) == USERS and len(users) == len(page) else None
        return CorrectionResult(counts=tally.counts(), last=last, retry_at=retry_at)

    async def _send(self, request: CorrectionInput, users: Sequence[str], tally: BatchTally) -> datetime | None:
        """Send a page's corrections; return when those that were put off are due again."""
        if attempt.is_retry():
            await self.ledger.take_over(request.period, users, attempt.token())
        jobs = await self._jobs(request, users)
        left = len(jobs)
        put_off: list[datetime] = []

        def done(job: MailTask, outcome: Outcome) -> None:
            nonlocal left
            left -= 1
            if isinstance(outcome, Refused) and outcome.reason == TAKEN:
                return
            tally.outcomes[type(outcome)] += 1
            if isinstance(outcome, Deferred):
                put_off.append(outcome.retry_at)

        order = SendOptions(
            attempt.token(),
            request.at,
            self.sender.mailer.connections,
            lambda: self.rest.closed or attempt.is_draining(),
            self.rest,
        )
        try:
            await self.sender.send(jobs, order, done)
        except (MailError, DependencyUnavailable):
            if not self.rest.closed:
                raise
        if left and self.rest.closed:
            raise resting(REST)
        if left:
            raise draining()
        return max(put_off, default=None)

    async def _jobs(self, request: CorrectionInput, users: Sequence[str]) -> list[MailTask]:
        entries = await self.ledger.of_users(request.period, users)
        reached = [entry for found in entries.values() for entry in found if entry.may_have_arrived]
        people, contacts = await asyncio.gather(
            self.users.by_ids(users), self.contacts.by_ids([entry.contact_id for entry in reached])
        )
        jobs: list[MailTask] = []
        for entry in reached:
            user, contact = people.get(entry.user_id), contacts.get(entry.contact_id)
            if correction_refusal(entry, user, contact, suppressed=False) in _DECIDED:
                continue
            if user is None or contact is None:
                at = self.sender.now(request.at)
                await self.ledger.skip(entry.id, MailKind.CORRECTION, ReminderRefusal.CONTACT_MISSING.value, at)
                continue
            jobs.append(
                MailTask(
                    invitation=entry,
                    kind=MailKind.CORRECTION,
                    user=user,
                    contact=contact,
                    tries=request.tries,
                    planned=request.at,
                    zone=user.timezone,
                    expiry_days=0,
                )
            )
        return jobs
