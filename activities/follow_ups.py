"""Everything of one user that is due now: reminders, another try of an invitation, expiry (SPEC R3, R4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity

from activities import attempt
from activities.errors import draining, translated
from activities.step_outcomes import StepOutcomes
from relance import ids
from relance.contracts.follow_up import FollowUpStep, StepInput, StepResult
from relance.domain.invitations.invitation import InvitationStatus, MailKind
from relance.domain.invitations.reminders import ReminderRefusal
from relance.errors import DependencyUnavailable, MailError
from relance.ports import Ledger, Refused
from relance.sending.control_watch import ControlPoller, ControlSnapshot
from relance.sending.error_gate import Gates, PeriodGate
from relance.sending.local_steps import LocalSteps
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


@dataclass(frozen=True, slots=True)
class FollowUpSteps:
    """Run due steps; needs `StepReads`, the `Ledger`, a `Sender`, the `ControlPoller`, `Gates` and `LocalSteps`."""

    reads: StepReads
    ledger: Ledger
    sender: Sender
    control: ControlPoller
    gates: Gates
    local: LocalSteps

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

    @activity.defn
    async def run_steps_locally(self, request: StepInput) -> StepResult:
        """Run the due steps as `run_steps` does, but within the workflow task: what takes too long for that is `left`.

        After a crash it is begun again and cannot know that, so it takes no claims over: what is claimed is left, too.
        """
        deadline = self.local.deadline()
        if deadline is None or attempt.is_draining():
            return StepOutcomes().result(contact for group in request.due for contact in group.contacts)
        with translated():
            try:
                async with self.control.watching(request.period) as snapshot:
                    return await self._run(request, snapshot, deadline)
            except (MailError, DependencyUnavailable):
                self.local.rest()
                raise

    async def _run(self, request: StepInput, snapshot: ControlSnapshot, deadline: float | None = None) -> StepResult:
        outcomes = StepOutcomes()
        if attempt.is_retry() or request.after_local:
            await self.ledger.take_over(request.period, [request.user_id], attempt.token())
        await self._expire(request, outcomes)
        jobs = await self._jobs(request, outcomes)
        left = {job.invitation.contact_id for job in jobs}
        gate, time_of = self._gate(snapshot), asyncio.get_running_loop().time

        def is_late() -> bool:
            return deadline is not None and time_of() >= deadline

        def is_to_stop() -> bool:
            return snapshot.holds_reminders or gate.closed or is_late() or attempt.is_draining()

        def add(job: MailTask, outcome: Outcome) -> None:
            left.discard(job.invitation.contact_id)
            outcomes.add(job, outcome)
            if isinstance(outcome, Refused) and job.kind is not MailKind.INVITATION:
                self.sender.meter.reminder_skipped(job.kind, outcome.reason)

        if jobs and not snapshot.holds_reminders:
            order = SendOptions(attempt.token(), request.at, OVER_ONE_CONNECTION, is_to_stop, gate, deadline)
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
        left.update(outcomes.taken)
        if left and deadline is None:
            raise draining()
        if left and is_late():
            self.local.rest()
        return outcomes.result(left)

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

    async def _expire(self, request: StepInput, outcomes: StepOutcomes) -> None:
        contacts = [contact for group in request.due if group.step is FollowUpStep.EXPIRY for contact in group.contacts]
        if contacts:
            at = self.sender.now(request.at)
            await self.ledger.expire(_invitation_ids(request, contacts), at)
            outcomes.ended.update(dict.fromkeys(contacts, InvitationStatus.EXPIRED.value))

    async def _jobs(self, request: StepInput, outcomes: StepOutcomes) -> list[MailTask]:
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

    async def _record_missing(
        self, request: StepInput, contact_id: str, kind: MailKind, outcomes: StepOutcomes
    ) -> None:
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
