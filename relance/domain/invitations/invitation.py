"""The invitation: one contact of one user in one period, and the states it may pass through (SPEC section 2)."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from pydantic import Field

from relance.domain.base import Document, Id, Period, Utc


class MailKind(StrEnum):
    """The mails one invitation can cause, each at most once: itself, its reminders, the correction of a rollback."""

    INVITATION = "invitation"
    FIRST = "first"
    SECOND = "second"
    CORRECTION = "correction"


class InvitationStatus(StrEnum):
    """The status of an invitation. It only moves forward (`ALLOWED`)."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    OPENED = "opened"
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    FAILED = "failed"
    BOUNCED = "bounced"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


_S = InvitationStatus
_ENDS_BEFORE_SENT = {_S.SUBMITTED, _S.FAILED, _S.CANCELLED, _S.SKIPPED, _S.UNCERTAIN}
_ENDS_AFTER_SENT = {_S.SUBMITTED, _S.EXPIRED, _S.BOUNCED, _S.CANCELLED}

ALLOWED: dict[InvitationStatus, frozenset[InvitationStatus]] = {
    _S.QUEUED: frozenset({_S.SENDING} | _ENDS_BEFORE_SENT),
    _S.SENDING: frozenset({_S.SENT, _S.OPENED, _S.BOUNCED} | _ENDS_BEFORE_SENT),
    # A mail whose reply was lost may turn out to have arrived after all.
    _S.UNCERTAIN: frozenset({_S.SENT, _S.OPENED, _S.SUBMITTED, _S.FAILED, _S.BOUNCED}),
    _S.SENT: frozenset({_S.OPENED} | _ENDS_AFTER_SENT),
    _S.OPENED: frozenset(_ENDS_AFTER_SENT),
    # An answer may still come in after the invitation expired.
    _S.EXPIRED: frozenset({_S.SUBMITTED}),
    _S.SUBMITTED: frozenset(),
    _S.FAILED: frozenset(),
    _S.BOUNCED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.SKIPPED: frozenset(),
}


def may_become(old: InvitationStatus, new: InvitationStatus) -> bool:
    """Return whether `old -> new` is a forward transition."""
    return new in ALLOWED[old]


def sources_of(new: InvitationStatus) -> list[InvitationStatus]:
    """Return the statuses from which `new` may be reached: the filter of its compare-and-set."""
    return [old for old, targets in ALLOWED.items() if new in targets]


class DueAt(Document):
    """The instants computed once, when the invitation was sent (SPEC R2)."""

    first: Utc
    second: Utc
    expiry: Utc


class Reminder(Document):
    """A reminder the relay accepted."""

    type: MailKind
    sent_at: Utc
    message_id: str


class ReminderSkip(Document):
    """A reminder that came due and was not sent, and why."""

    type: MailKind
    reason: str
    at: Utc


class LastError(Document):
    """The newest failure of an invitation: codes only, no reply text (it quotes addresses)."""

    code: str
    class_: str = Field(alias="class")
    severity: str
    at: Utc


class Claim(Document):
    """The sender that is sending a mail of this invitation now.

    A claim is set by compare-and-set before a mail is handed to a connection and removed with its result, so a
    process that dies leaves at most one claim per open connection.
    """

    kind: MailKind
    token: str
    at: Utc
    message_id: str | None = None


class Verdict(StrEnum):
    """How a doubt ended: what the relay's log said, and what followed from it."""

    ARRIVED = "arrived"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    MISSED = "missed"


_STILL_OPEN = (None, Verdict.UNKNOWN)


class Doubt(Document):
    """An uncertain mail: it was claimed and its reply is not known, so the relay may or may not have it (SPEC X4).

    `since` is the instant of its claim; with `restored`, of the backup the database was put back to. `verdict` ends
    the doubt: `arrived`, so it counts as sent; `absent`, so it is sent again; `unknown`, and sent again by policy;
    `missed`, absent when it could not be sent any more. `message_id` is what it left under; a restore does not know it,
    nor did earlier versions.
    """

    kind: MailKind
    since: Utc
    message_id: str | None = None
    restored: bool = False
    verdict: Verdict | None = None
    at: Utc | None = None


class Notice(Document):
    """An event that the invitation's follow-up is not notified of yet. It is written with the effect of the event, and
    deleted after the signal.

    `since` is when it was written. The newest takes the place of the others: any of them ends the timers.
    """

    kind: str
    at: Utc
    since: Utc


class Invitation(Document):
    """The ledger's entry: who was sent what, when, with which outcome, and why not.

    `mailboxes` are the digests of whom the mail may have reached, whatever the contact's record says by now: the one it
    was addressed to last, and those it was addressed to before if the reply of an attempt was lost. An opt-out, a
    complaint and a bounce are about them. Entries of earlier versions have none.
    """

    id: str = Field(alias="_id")
    period: Period
    user_id: Id
    contact_id: Id
    status: InvitationStatus
    reason: str | None = None
    attempts: int = 0
    mailboxes: tuple[str, ...] = ()
    claim: Claim | None = None
    retry_at: Utc | None = None
    message_id: str | None = None
    sent_at: Utc | None = None
    late: bool = False
    due_at: DueAt | None = None
    reminders: tuple[Reminder, ...] = ()
    reminder_skips: tuple[ReminderSkip, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    held_out: tuple[MailKind, ...] | None = None
    last_error: LastError | None = None
    notice: Notice | None = None
    queued_at: Utc
    opened_at: Utc | None = None
    submitted_at: Utc | None = None
    ended_at: Utc | None = None

    @property
    def may_have_arrived(self) -> bool:
        """Whether somebody may have got it, whatever its status says."""
        doubtful = any(doubt.kind is MailKind.INVITATION and doubt.verdict in _STILL_OPEN for doubt in self.doubts)
        return doubtful or self.sent_at is not None or self.status is InvitationStatus.UNCERTAIN

    def may_have_reached(self, digests: Collection[str]) -> bool:
        """Return whether the mail may have gone to a mailbox, by all its digests; True if no mailbox was noted."""
        return not self.mailboxes or not set(self.mailboxes).isdisjoint(digests)

    def left_as(self, kind: MailKind) -> str | None:
        """Return the Message-ID under which one of its mails left whose reply was lost, if there is one."""
        return next((doubt.message_id for doubt in self.doubts if doubt.kind is kind and doubt.message_id), None)

    def doubt(self, kind: MailKind) -> Doubt | None:
        """Return the oldest open doubt about one of its mails."""
        if not self.doubts:
            return None
        found = [doubt for doubt in self.doubts if doubt.kind is kind and doubt.verdict is None]
        return min(found, key=lambda doubt: doubt.since, default=None)
