"""Everything of one user that is due now: reminders, another try of an invitation, expiry (SPEC R3, R4)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from temporalio import activity

from activities import attempt
from activities.failures import draining, translated
from activities.follow_up_groups import Ahead, groups
from activities.sending import Job, Order, Outcome, Sender
from relance import ids
from relance.contracts.follow_up import Step, StepInput, StepResult
from relance.domain.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.people import Contact, User
from relance.domain.plan import Plan
from relance.domain.reminders import ReminderRefusal
from relance.ports import TAKEN, Contacts, Deferred, Failed, Ledger, Plans, Refused, Sent, Uncertain, Users

KINDS = {Step.RETRY: MailKind.INVITATION, Step.FIRST: MailKind.FIRST, Step.SECOND: MailKind.SECOND}
OVER_ONE_CONNECTION = 1
FINAL_REASONS = frozenset(reason.value for reason in ReminderRefusal if reason.final)


@dataclass(slots=True)
class _Outcomes:
    """The growing result of one step activity."""

    sent: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    retry: dict[str, datetime] = field(default_factory=dict)
    accepted: dict[str, Ahead] = field(default_factory=dict)
    taken: bool = False

    def add(self, job: Job, outcome: Outcome) -> None:
        """Sort one mail's outcome in."""
        contact = job.invitation.contact_id
        first_time = job.kind is MailKind.INVITATION
        if isinstance(outcome, Sent):
            self.sent.append(contact)
            if first_time:
                self.accepted[contact] = Ahead(due=outcome.due)
        elif isinstance(outcome, Deferred):
            self.retry[contact] = outcome.retry_at
        elif isinstance(outcome, Refused) and outcome.reason == TAKEN:
            self.taken = True
        elif isinstance(outcome, Refused):
            self._refused(contact, outcome.reason, final=first_time or outcome.reason in FINAL_REASONS)
        elif isinstance(outcome, Failed | Uncertain):
            self._refused(contact, outcome.failure.class_, final=first_time)

    def _refused(self, contact: str, reason: str, *, final: bool) -> None:
        (self.ended if final else self.skipped)[contact] = reason

    def result(self) -> StepResult:
        """Return what the follow-up needs to know."""
        return StepResult(
            sent=tuple(self.sent),
            skipped=self.skipped,
            ended=self.ended,
            retry=self.retry,
            due=groups(self.accepted),
        )


@dataclass(frozen=True, slots=True)
class FollowUpSteps:
    """Run due steps; needs `Users`, `Contacts`, `Plans`, `Ledger` and a `Sender`."""

    users: Users
    contacts: Contacts
    plans: Plans
    ledger: Ledger
    sender: Sender

    @activity.defn
    async def run_steps(self, request: StepInput) -> StepResult:
        """Run the due steps of one user over one connection and return what became of each contact.

        Every mail is claimed first, so that an attempt after a crash sends only what was not claimed before: an
        invitation again, with the same Message-ID; a reminder never (SPEC X4).
        """
        with translated():
            async with attempt.heartbeating(lambda: None):
                return await self._run(request)

    async def _run(self, request: StepInput) -> StepResult:
        outcomes = _Outcomes()
        if attempt.is_retry():
            await self.ledger.take_over(request.period, [request.user_id], attempt.token())
        await self._expire(request, outcomes)
        jobs = await self._jobs(request, outcomes)
        order = Order(attempt.token(), request.at, OVER_ONE_CONNECTION, attempt.is_draining)
        done = 0

        def add(job: Job, outcome: Outcome) -> None:
            nonlocal done
            done += 1
            outcomes.add(job, outcome)
            if isinstance(outcome, Refused) and job.kind is not MailKind.INVITATION:
                self.sender.meter.reminder_skipped(job.kind, outcome.reason)

        if jobs:
            await self.sender.send(jobs, order, add)
        if done < len(jobs) or outcomes.taken:
            raise draining()
        return outcomes.result()

    async def _expire(self, request: StepInput, outcomes: _Outcomes) -> None:
        contacts = [contact for group in request.due if group.step is Step.EXPIRY for contact in group.contacts]
        if contacts:
            at = self.sender.now(request.at)
            await self.ledger.expire(_invitation_ids(request, contacts), at)
            outcomes.ended.update(dict.fromkeys(contacts, InvitationStatus.EXPIRED.value))

    async def _jobs(self, request: StepInput, outcomes: _Outcomes) -> list[Job]:
        steps = [(contact, group) for group in request.due if group.step in KINDS for contact in group.contacts]
        if not steps:
            return []
        user, plan, contacts, entries = await self._read(request, [contact for contact, _ in steps])
        jobs: list[Job] = []
        for contact_id, group in steps:
            entry, contact = entries.get(contact_id), contacts.get(contact_id)
            if entry is None or contact is None or user is None or plan is None:
                await self._record_missing(request, contact_id, KINDS[group.step], outcomes)
                continue
            jobs.append(
                Job(
                    invitation=entry,
                    kind=KINDS[group.step],
                    user=user,
                    contact=contact,
                    tries=entry.attempts if group.step is Step.RETRY else group.tries,
                    planned=plan.instant,
                    zone=plan.zone,
                    expiry_days=request.expiry_days,
                )
            )
        return jobs

    async def _read(
        self, request: StepInput, contact_ids: list[str]
    ) -> tuple[User | None, Plan | None, dict[str, Contact], dict[str, Invitation]]:
        users, plans, contacts, entries = await asyncio.gather(
            self.users.by_ids([request.user_id]),
            self.plans.of_user(request.user_id),
            self.contacts.by_ids(contact_ids),
            self.ledger.of_users(request.period, [request.user_id]),
        )
        plan = next((plan for plan in plans if plan.period == request.period), None)
        by_contact = {entry.contact_id: entry for entry in entries.get(request.user_id, [])}
        return users.get(request.user_id), plan, contacts, by_contact

    async def _record_missing(self, request: StepInput, contact_id: str, kind: MailKind, outcomes: _Outcomes) -> None:
        reason = ReminderRefusal.CONTACT_MISSING.value
        invitation = ids.invitation_id(request.period, request.user_id, contact_id)
        await self.ledger.skip(invitation, kind, reason, self.sender.now(request.at))
        (outcomes.ended if kind is MailKind.INVITATION else outcomes.skipped)[contact_id] = reason


def _invitation_ids(request: StepInput, contacts: Iterable[str]) -> list[str]:
    return [ids.invitation_id(request.period, request.user_id, contact) for contact in contacts]
