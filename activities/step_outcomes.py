"""What became of the due steps of one user, as it grows (SPEC R3, R4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from activities.follow_up_inputs import groups, steps_after_sending
from relance.contracts.follow_up import StepResult
from relance.domain.invitations.invitation import Invitation, MailKind
from relance.domain.invitations.reconciliation import RemainingSteps
from relance.domain.invitations.reminders import ReminderRefusal
from relance.ports import TAKEN, Deferred, Failed, Refused, Sent, Uncertain
from relance.sending.batch import UNSENT
from relance.sending.control_watch import ControlSnapshot
from relance.sending.mail_task import MailTask, Outcome

FINAL_REASONS = frozenset(reason.value for reason in ReminderRefusal if reason.final)


@dataclass(slots=True)
class StepOutcomes:
    """The growing result of one step activity."""

    sent: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    retry: dict[str, datetime] = field(default_factory=dict)
    put_off: dict[str, datetime] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    accepted: dict[str, RemainingSteps] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
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
            self.taken.append(contact)
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

    def result(self, left: Iterable[str]) -> StepResult:
        """Return what the follow-up needs to know, with the contacts that are left to another activity."""
        return StepResult(
            sent=tuple(self.sent),
            skipped=self.skipped,
            ended=self.ended,
            retry=self.retry,
            put_off=self.put_off,
            held=tuple(self.held),
            due=groups(self.accepted),
            left=tuple(sorted(left)),
            may_continue=True,
        )
