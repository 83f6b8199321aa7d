"""Hand mails over to the relay: claim, send, record, over as many connections as there are (SPEC C6-C8).

Nothing is lost and at most one mail per connection is doubled, because a connection claims one mail, sends it, and
records its result together with the claim of the next one: a process that dies leaves one open claim per connection.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from relance.domain.cycle.planning import is_late
from relance.domain.cycle.send_times import due_at
from relance.domain.failures import UNCERTAIN, Failure, classify_smtp, contact_status_after, is_struck_out, retry_at
from relance.domain.invitations.invitation import DueAt, MailKind
from relance.domain.invitations.people import Contact
from relance.domain.mail.providers import label_of
from relance.domain.mail.rate_limit import PUT_OFF
from relance.errors import DependencyUnavailable, InvalidInput, MailRefused, MailUncertain
from relance.failures import failure_of
from relance.ports import (
    Claimed,
    ClaimRequest,
    Clock,
    Contacts,
    Deferred,
    Failed,
    Ledger,
    Mailer,
    MailLane,
    MessageIds,
    Meter,
    OutgoingMail,
    Postponed,
    RelayLog,
    Released,
    Restores,
    Result,
    Sent,
    Settlement,
    Uncertain,
)
from relance.sending.mail_task import MailTask, Outcome, SendOptions
from relance.services.uncertain_mail import UncertainMails

SETTLE_FOR = 120.0
"""Seconds for which a result that only this process knows is offered to the database again."""

UNDELIVERABLE_ADDRESS = classify_smtp(553, "5.1.3 no mail can be addressed like this", "rcpt")


@dataclass(frozen=True, slots=True)
class Sender:
    """Send jobs; needs `Ledger`, `Contacts`, `Mailer`, `Meter` and `Clock`.

    A `RelayLog` settles doubts; `Restores` says which mails a restore of the database has put in doubt.
    """

    ledger: Ledger
    contacts: Contacts
    mailer: Mailer
    meter: Meter
    clock: Clock
    message_ids: MessageIds
    relay_log: RelayLog | None = None
    restores: Restores | None = None

    @property
    def doubts(self) -> UncertainMails:
        """What is known of the mails whose reply was lost."""
        return UncertainMails(self.ledger, self.relay_log, self.message_ids)

    def now(self, at: datetime) -> datetime:
        """Return the time for a record: never before the workflow time that asked for it, if our clock is slow."""
        return max(self.clock.now(), at)

    async def send(
        self, jobs: Sequence[MailTask], order: SendOptions, done: Callable[[MailTask, Outcome], None]
    ) -> None:
        """Send the jobs and report each outcome once it is recorded.

        Stops early, with jobs left over, when `order.stop()` says so. A cancellation lets mails in flight finish.

        Raises:
            DependencyUnavailable: the relay or the database; what was not sent is free to be claimed again.
        """
        queue = deque(jobs)
        outcomes = 0
        cancelled = False
        # A sender that waits for the canary has no mail in flight, and would wait for mails that nobody sends any more.
        lanes_order = replace(order, stop=lambda: cancelled or order.stop())

        def counted(job: MailTask, outcome: Outcome) -> None:
            nonlocal outcomes
            outcomes += 1
            done(job, outcome)

        lanes = [
            asyncio.create_task(self._connection_loop(queue, lanes_order, counted))
            for _ in range(min(order.lanes, len(queue), self.mailer.connections))
        ]
        finished = asyncio.gather(*lanes, return_exceptions=True)
        try:
            results = await asyncio.shield(finished)
        except asyncio.CancelledError:
            cancelled = True
            queue.clear()
            await finished
            raise
        # A connection that failed costs nothing as long as the others did its share.
        errors = [result for result in results if isinstance(result, BaseException)]
        for error in errors:
            order.gate.refused_us(failure_of(error))
        if errors and outcomes < len(jobs):
            raise errors[0]

    async def _connection_loop(
        self, queue: deque[MailTask], order: SendOptions, done: Callable[[MailTask, Outcome], None]
    ) -> None:
        async with self._lane(order) as lane:
            if lane is None:
                return
            last: tuple[MailTask, Settlement] | None = None
            while queue and not order.stop():
                job = queue.popleft()
                free = lane.is_free(job.contact.email)
                if not free:
                    # What was sent is recorded before a wait, and the wait is over before the claim.
                    await self._record(last, done)
                    last = None
                put_off = await lane.acquire(job.contact.email)
                if not free and order.stop():
                    break
                if not order.gate.admit():
                    await self._record(last, done)
                    last = None
                    if not await order.gate.acquire(order.stop):
                        break
                message_id = self._message_id(job)
                answer = await self._exchange(last, job, message_id, order)
                if last is not None:
                    done(last[0], last[1].result)
                    last = None
                if not isinstance(answer, Claimed):
                    order.gate.release()
                    done(job, answer)
                elif put_off is not None:
                    order.gate.release()
                    last = job, self._put_off(job, put_off, order)
                else:
                    last = job, await self._hand_over(lane, job, message_id, answer, order)
            await self._record(last, done)

    @asynccontextmanager
    async def _lane(self, order: SendOptions) -> AsyncIterator[MailLane | None]:
        async with AsyncExitStack() as stack:
            lane: MailLane | None = None
            try:
                async with asyncio.timeout_at(order.connect_by) as limit:
                    lane = await stack.enter_async_context(self.mailer.lane())
            except TimeoutError:
                if not limit.expired():
                    raise
            yield lane

    async def _record(
        self, last: tuple[MailTask, Settlement] | None, done: Callable[[MailTask, Outcome], None]
    ) -> None:
        if last is not None:
            await self._settle(last[1])
            done(last[0], last[1].result)

    async def _exchange(
        self, last: tuple[MailTask, Settlement] | None, job: MailTask, message_id: str, order: SendOptions
    ) -> Claimed | Outcome:
        request = ClaimRequest(
            invitation_id=job.invitation.id,
            kind=job.kind,
            message_id=message_id,
            token=order.token,
            at=self.now(order.at),
            user=job.user,
            contact=job.contact,
        )
        try:
            answer = await self.ledger.exchange(last[1] if last else None, request)
        except DependencyUnavailable:
            order.gate.release()
            # Whether the claim was written is unknown: give it back, so that the next attempt finds it free.
            for settlement in (*([last[1]] if last else []), _settlement(job, order, Released())):
                await self._settle(settlement)
            raise
        assert answer is not None
        if isinstance(answer, Postponed):
            return Deferred(PUT_OFF, answer.until, request.at, tried=False)
        return answer

    async def _settle(self, settlement: Settlement) -> None:
        """Record a result; the mail is out and only this process knows it, so a short outage is waited for here."""
        deadline = asyncio.get_running_loop().time() + SETTLE_FOR
        pause = 0.1
        while True:
            try:
                await self.ledger.exchange(settlement, None)
            except DependencyUnavailable:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                return

    async def _hand_over(
        self, lane: MailLane, job: MailTask, message_id: str, claimed: Claimed, order: SendOptions
    ) -> Settlement:
        contact = claimed.contact
        letter = self._letter(job, message_id, contact, self.now(order.at))
        started = asyncio.get_running_loop().time()
        result: Result
        refused: Deferred | Failed | None = None
        try:
            await lane.send(letter)
        except MailRefused as error:
            failure = classify_smtp(error.code, error.text, error.stage)
            result = refused = self._after(failure, job, self.now(order.at))
        except InvalidInput:
            result = Failed(UNDELIVERABLE_ADDRESS, self.now(order.at))
        except MailUncertain:
            result = self._after_uncertain(job, self.now(order.at))
        except DependencyUnavailable:
            order.gate.release()
            await self._settle(_settlement(job, order, Released()))
            raise
        else:
            result = self._accepted(job, letter, self.now(order.at))
        order.gate.note(job.user.id, result, again=job.tries > 0)
        took = asyncio.get_running_loop().time() - started
        waited = (self.now(order.at) - job.due).total_seconds()
        self.meter.mail(job.kind, result, took, label_of(contact.email.rpartition("@")[2]), waited)
        if refused is not None:
            await self._mark(job, claimed, refused, self.now(order.at))
        return _settlement(job, order, result)

    async def _mark(self, job: MailTask, claimed: Claimed, result: Deferred | Failed, at: datetime) -> None:
        """Mark the contact of a refused mail, if the refusal is about its mailbox and for good (SPEC X2).

        What earlier mails to another mailbox met does not count; a record that names another one by now stays as it is.
        """
        contact, failure, struck_out = claimed.contact, result.failure, False
        if failure.strikes is not None and isinstance(result, Failed):
            entries = await self.ledger.of_contact(contact.id)
            history = [entry for entry in entries if entry.may_have_reached(claimed.mailboxes)]
            struck_out = is_struck_out(failure, job.invitation, history, at)
        if (status := contact_status_after(failure, struck_out=struck_out)) is not None:
            await self.contacts.set_status(contact.id, status, failure.class_, at, address=contact.email)

    def _put_off(self, job: MailTask, put_off: timedelta, order: SendOptions) -> Settlement:
        at = self.now(order.at)
        return _settlement(job, order, Deferred(PUT_OFF, at + put_off, at, tried=False))

    def _accepted(self, job: MailTask, letter: OutgoingMail, at: datetime) -> Sent:
        due: DueAt | None = due_at(at, job.zone, job.expiry_days) if job.kind is MailKind.INVITATION else None
        return Sent(letter.message_id, at, late=is_late(job.planned, at), due=due)

    def _after(self, failure: Failure, job: MailTask, at: datetime) -> Deferred | Failed:
        again = retry_at(failure, job.tries + 1, at)
        return Deferred(failure, again, at) if again is not None else Failed(failure, at)

    def _after_uncertain(self, job: MailTask, at: datetime) -> Deferred | Uncertain:
        # SPEC X4: an invitation is sent again with the same Message-ID, a reminder is not.
        again = retry_at(UNCERTAIN, job.tries + 1, at) if job.kind is MailKind.INVITATION else None
        return Deferred(UNCERTAIN, again, at) if again is not None else Uncertain(UNCERTAIN, at)

    def _message_id(self, job: MailTask) -> str:
        # One that went out before has the Message-ID of then, whatever keys have been rotated: so a mailbox knows it.
        return job.invitation.left_as(job.kind) or self.message_ids.of(job.invitation.id, job.kind)

    def _letter(self, job: MailTask, message_id: str, contact: Contact, at: datetime) -> OutgoingMail:
        return OutgoingMail(
            invitation_id=job.invitation.id,
            kind=job.kind,
            message_id=message_id,
            to_address=contact.email,
            to_name=contact.name,
            sender_name=job.user.name,
            locale=contact.locale or job.user.locale,
            date=at,
            is_tracked=contact.tracking_consent,
            references=None if job.kind is MailKind.INVITATION else job.invitation.message_id,
        )


def _settlement(job: MailTask, order: SendOptions, result: Result) -> Settlement:
    return Settlement(job.invitation.id, job.kind, order.token, result)
