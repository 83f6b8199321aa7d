"""Everything of one user that is due now: reminders, another try of an invitation, expiry (SPEC R3, R4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio import activity

from activities import attempt
from activities.errors import draining, translated
from activities.follow_up_inputs import groups, steps_after_sending
from relance import ids
from relance.contracts.follow_up import FollowUpStep, StepInput, StepResult
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.invitations.reconciliation import RemainingSteps
from relance.domain.invitations.reminders import ReminderRefusal
from relance.errors import DependencyUnavailable, MailError
from relance.ports import TAKEN, Deferred, Failed, Ledger, Refused, Sent, Uncertain
from relance.sending.batch import UNSENT
from relance.sending.control_watch import ControlPoller, ControlSnapshot
from relance.sending.error_gate import Gates, PeriodGate
from relance.sending.mail_task import MailTask, Outcome, SendOptions
from relance.sending.rest_gate import REST, RestGate
from relance.sending.sender import Sender
from relance.sending.step_reads import StepReads
from relance.sending.uncertain import doubted_by_restore, is_doubtful, look_after, settled_in_steps

KINDS = {
    FollowUpStep.RETRY: MailKind.INVITATION,
    FollowUpStep.FIRST: MailKind.FIRST,
    FollowUpStep.SECOND: MailKind.SECOND,
}
OVER_ONE_CONNECTION = 1
PUT_OFF_FOR = timedelta(minutes=10)
"""How late reminders are at most after a pause, of follow-ups that run on a version that cannot hold them."""

FINAL_REASONS = frozenset(reason.value for reason in ReminderRefusal if reason.final)


@dataclass(slots=True)
class _Outcomes:
    """The growing result of one step activity."""

    sent: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    retry: dict[str, datetime] = field(default_factory=dict)
    put_off: dict[str, datetime] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    accepted: dict[str, RemainingSteps] = field(default_factory=dict)
    taken: bool = False
    failed: bool = False

    def add(self, job: MailTask, outcome: Outcome) -> None:
        """Sort one mail's outcome in."""
        contact = job.invitation.contact_id
        first_time = job.kind is MailKind.INVITATION
        if isinstance(outcome, Sent):
            self.sent.append(contact)
            if first_time:
                self.accepted[contact] = RemainingSteps.of(outcome.due)
        elif isinstance(outcome, Deferred):
            (self.retry if outcome.tried else self.put_off)[contact] = outcome.retry_at
        elif isinstance(outcome, Refused) and outcome.reason == TAKEN:
            self.taken = True
        elif isinstance(outcome, Refused):
            self._refused(contact, outcome.reason, final=first_time or outcome.reason in FINAL_REASONS)
        elif isinstance(outcome, Failed | Uncertain):
            self.failed = self.failed or isinstance(outcome, Failed)
            self._refused(contact, outcome.failure.class_, final=first_time)

    def add_decided(self, entry: Invitation, at: datetime) -> bool:
        """Sort in an invitation that needs no other try now; return False if it does."""
        ahead = steps_after_sending(entry)
        if ahead is not None and ahead.expiry is not None:
            self.accepted[entry.contact_id] = ahead
        elif ahead is not None and ahead.retry_at is not None and ahead.retry_at > at:
            self.retry[entry.contact_id] = ahead.retry_at
        elif entry.status not in UNSENT:
            self.ended[entry.contact_id] = entry.reason or entry.status
        else:
            return False
        return True

    def hold(self, contacts: Iterable[str], snapshot: ControlSnapshot, put_off_until: datetime | None) -> None:
        """Hold what a paused cycle would send, or put it off, and end what is rolled back."""
        for contact in sorted(contacts):
            if snapshot.control.state.final:
                self.ended[contact] = snapshot.control.state.reason
            elif put_off_until is None:
                self.held.append(contact)
            else:
                self.put_off[contact] = put_off_until

    def _refused(self, contact: str, reason: str, *, final: bool) -> None:
        (self.ended if final else self.skipped)[contact] = reason

    def result(self) -> StepResult:
        """Return what the follow-up needs to know."""
        return StepResult(
            sent=tuple(self.sent),
            skipped=self.skipped,
            ended=self.ended,
            retry=self.retry,
            put_off=self.put_off,
            held=tuple(self.held),
            due=groups(self.accepted),
            may_continue=True,
        )


@dataclass(frozen=True, slots=True)
class FollowUpSteps:
    """Run due steps; needs `StepReads`, the `Ledger`, a `Sender`, the `ControlPoller` and `Gates`."""

    reads: StepReads
    ledger: Ledger
    sender: Sender
    control: ControlPoller
    gates: Gates

    @activity.defn
    async def run_steps(self, request: StepInput) -> StepResult:
        """Run the due steps of one user over one connection and return what became of each contact.

        Every mail is claimed first, so that an attempt after a crash sends only what was not claimed before: an
        invitation again, with the same Message-ID; a reminder never, unless the relay's log is certain that it does not
        have it (SPEC X4). Errors that close the gate pause the cycle, and what is left is held as by any pause.
        """
        with translated(), attempt.signs_of_life():
            async with self.control.watching(request.period) as snapshot:
                return await self._run(request, snapshot)

    async def _run(self, request: StepInput, snapshot: ControlSnapshot) -> StepResult:
        outcomes = _Outcomes()
        if attempt.is_retry():
            await self.ledger.take_over(request.period, [request.user_id], attempt.token())
        await self._expire(request, outcomes)
        jobs = await self._jobs(request, outcomes)
        left = {job.invitation.contact_id for job in jobs}
        gate = self._gate(snapshot)

        def is_to_stop() -> bool:
            return snapshot.holds_reminders or gate.closed or attempt.is_draining()

        def add(job: MailTask, outcome: Outcome) -> None:
            left.discard(job.invitation.contact_id)
            outcomes.add(job, outcome)
            if isinstance(outcome, Refused) and job.kind is not MailKind.INVITATION:
                self.sender.meter.reminder_skipped(job.kind, outcome.reason)

        if jobs and not snapshot.holds_reminders:
            order = SendOptions(attempt.token(), request.at, OVER_ONE_CONNECTION, is_to_stop, gate)
            jobs = await doubted_by_restore(self.sender, jobs)
            clear = [job for job in jobs if not is_doubtful(self.sender, job)]
            if len(clear) < len(jobs):
                doubtful = [job for job in jobs if is_doubtful(self.sender, job)]
                clear += await settled_in_steps(self.sender, doubtful, order, add)
            clear, given_up = _given_up(clear, snapshot)
            outcomes.ended.update(dict.fromkeys(given_up, snapshot.control.state.reason))
            left.difference_update(given_up)
            await self._hand_over(clear, order, gate, lambda job, outcome: add(job, look_after(self.sender, outcome)))
            if gate.closed or outcomes.failed:
                await self._stopped(gate, snapshot)
        if left and gate is self.gates.rest and gate.closed:
            outcomes.put_off.update(dict.fromkeys(left, self.sender.now(request.at) + REST))
            left.clear()
        if snapshot.holds_reminders:
            outcomes.hold(left, snapshot, None if request.holds else self.sender.now(request.at) + PUT_OFF_FOR)
            left.clear()
        if left or outcomes.taken:
            raise draining()
        return outcomes.result()

    def _gate(self, snapshot: ControlSnapshot) -> PeriodGate | RestGate:
        return self.gates.rest if snapshot.control.state.final else self.gates.of(snapshot.control)

    async def _hand_over(
        self,
        jobs: Sequence[MailTask],
        order: SendOptions,
        gate: PeriodGate | RestGate,
        done: Callable[[MailTask, Outcome], None],
    ) -> None:
        async with gate.sending():
            try:
                await self.sender.send(jobs, order, done)
            except (MailError, DependencyUnavailable):
                # A relay that does not even talk to us is no reason to try again, but to ask a person.
                if not gate.closed:
                    raise

    async def _stopped(self, gate: PeriodGate | RestGate, snapshot: ControlSnapshot) -> None:
        """Report what failed before this activity ends; after a stop, read the cycle's control."""
        await gate.stopped()
        if gate.closed:
            await self.control.look(snapshot)

    async def _expire(self, request: StepInput, outcomes: _Outcomes) -> None:
        contacts = [contact for group in request.due if group.step is FollowUpStep.EXPIRY for contact in group.contacts]
        if contacts:
            at = self.sender.now(request.at)
            await self.ledger.expire(_invitation_ids(request, contacts), at)
            outcomes.ended.update(dict.fromkeys(contacts, InvitationStatus.EXPIRED.value))

    async def _jobs(self, request: StepInput, outcomes: _Outcomes) -> list[MailTask]:
        steps = [(contact, group) for group in request.due if group.step in KINDS for contact in group.contacts]
        if not steps:
            return []
        facts = await self.reads.of_user(request.period, request.user_id, [contact for contact, _ in steps])
        user, plan = facts.user, facts.plan
        jobs: list[MailTask] = []
        for contact_id, group in steps:
            entry, contact = facts.entries.get(contact_id), facts.contacts.get(contact_id)
            if entry is None or contact is None or user is None or plan is None:
                await self._record_missing(request, contact_id, KINDS[group.step], outcomes)
                continue
            asked = self.sender.relay_log is not None and entry.doubt(MailKind.INVITATION) is not None
            if (
                group.step is FollowUpStep.RETRY
                and not asked
                and outcomes.add_decided(entry, self.sender.now(request.at))
            ):
                continue
            jobs.append(
                MailTask(
                    invitation=entry,
                    kind=KINDS[group.step],
                    user=user,
                    contact=contact,
                    tries=entry.attempts if group.step is FollowUpStep.RETRY else group.tries,
                    planned=plan.instant,
                    zone=plan.zone,
                    expiry_days=request.expiry_days,
                )
            )
        return jobs

    async def _record_missing(self, request: StepInput, contact_id: str, kind: MailKind, outcomes: _Outcomes) -> None:
        reason = ReminderRefusal.CONTACT_MISSING.value
        invitation = ids.invitation_id(request.period, request.user_id, contact_id)
        await self.ledger.skip(invitation, kind, reason, self.sender.now(request.at))
        (outcomes.ended if kind is MailKind.INVITATION else outcomes.skipped)[contact_id] = reason


def _invitation_ids(request: StepInput, contacts: Iterable[str]) -> list[str]:
    return [ids.invitation_id(request.period, request.user_id, contact) for contact in contacts]


def _given_up(jobs: Sequence[MailTask], snapshot: ControlSnapshot) -> tuple[list[MailTask], list[str]]:
    """Return the mails to send, and the contacts whose invitations are not sent any more: their cycle is cancelled."""
    if not snapshot.control.state.final:
        return list(jobs), []
    kept = [job for job in jobs if job.kind is not MailKind.INVITATION]
    return kept, [job.invitation.contact_id for job in jobs if job.kind is MailKind.INVITATION]
