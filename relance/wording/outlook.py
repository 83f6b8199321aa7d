"""What is still to come for an invitation that was sent, for `why`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from relance.domain.cycle.control import Control, ControlState
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.invitations.people import Contact, User
from relance.domain.invitations.reminders import (
    ReminderRefusal,
    ReminderTiming,
    is_undecided,
    next_mail_at,
    reminder_refusal,
)
from relance.domain.sentences import Sentence
from relance.wording.moments import moment
from relance.wording.reasons import reminder_reason_in_words

LATER_MAILS: Mapping[MailKind, str] = {
    MailKind.FIRST: "first reminder",
    MailKind.SECOND: "second reminder",
    MailKind.CORRECTION: "correction",
}
OPEN = frozenset({InvitationStatus.QUEUED, InvitationStatus.SENDING})
_WAITS = frozenset({InvitationStatus.SENT, InvitationStatus.OPENED})


@dataclass(frozen=True, slots=True)
class Outlook:
    """What decides about the reminders that are still to come."""

    invitation: Invitation
    user: User | None
    contact: Contact | None
    suppressed: bool
    zone: str
    now: datetime
    timing: ReminderTiming
    control: Control | None
    moved: bool

    def refusal(self, kind: MailKind, at: datetime) -> ReminderRefusal | None:
        """Return why a reminder would not be sent at an instant."""
        return reminder_refusal(
            kind,
            self.invitation,
            self.user,
            self.contact,
            suppressed=self.suppressed,
            moved=self.moved,
            at=at,
            timing=self.timing,
        )

    @property
    def is_paused(self) -> bool:
        """Whether nothing is sent for now."""
        return self.control is not None and self.control.state is ControlState.PAUSED


def what_comes(look: Outlook) -> list[str]:
    """Return when each reminder is due and whether it would be sent, and when the invitation expires."""
    status, due = look.invitation.status, look.invitation.due_at
    if status not in _WAITS or due is None:
        return [] if status in OPEN | _WAITS else [Sentence("Nothing more will be sent for it.")]
    lines: list[str] = []
    for kind, instant in ((MailKind.FIRST, due.first), (MailKind.SECOND, due.second)):
        if not is_undecided(kind, look.invitation):
            continue
        is_due = instant <= look.now
        lines.append(
            Sentence(
                "The {mail} has been due since {when}{then}." if is_due else "The {mail} is due {when}{then}.",
                mail=LATER_MAILS[kind],
                when=moment(instant, look.zone, bare=is_due),
                then=_what_happens(look, kind, instant),
            )
        )
    lines.append(Sentence("Without an answer the invitation expires {when}.", when=moment(due.expiry, look.zone)))
    return lines


def _what_happens(look: Outlook, kind: MailKind, instant: datetime) -> str:
    not_before = next_mail_at(look.invitation, look.timing) or instant
    refusal = look.refusal(kind, max(instant, look.now))
    if refusal is not None:
        reason = reminder_reason_in_words(refusal.value)
        return Sentence("; as things stand it will not be sent, because {reason}", reason=reason)
    if look.is_paused:
        last = moment(min(instant + look.timing.max_late, _end(kind, look.invitation)), look.zone, bare=True)
        return Sentence(
            "; the cycle is paused, so it waits, and is left out if the cycle does not go on before {last}", last=last
        )
    if not_before > max(instant, look.now):
        until = moment(not_before, look.zone, bare=True)
        return Sentence("; it waits until {until}, because the mail before it is too fresh", until=until)
    return ""


def _end(kind: MailKind, invitation: Invitation) -> datetime:
    due = invitation.due_at
    assert due is not None
    return due.second if kind is MailKind.FIRST else due.expiry
