"""Whether a due reminder goes out, decided at that moment and from the database alone (SPEC R3, R6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from relance.domain.invitations.eligibility import Refusal, invitation_refusal
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.invitations.people import Contact, User


class ReminderRefusal(StrEnum):
    """Why a due reminder is not sent."""

    SUBMITTED = "submitted"
    EXPIRED = "expired"
    INVITATION_BOUNCED = "invitation_bounced"
    INVITATION_CANCELLED = "invitation_cancelled"
    INVITATION_FAILED = "invitation_failed"
    INVITATION_SKIPPED = "invitation_skipped"
    INVITATION_UNCERTAIN = "invitation_uncertain"
    NOT_SENT_YET = "not_sent_yet"
    ALREADY_SENT = "already_sent"
    ALREADY_DECIDED = "already_decided"
    USER_MISSING = "user_missing"
    USER_INACTIVE = "user_inactive"
    CONTACT_MISSING = "contact_missing"
    CONTACT_PENDING = "contact_pending"
    CONTACT_OPTED_OUT = "contact_opted_out"
    CONTACT_BOUNCED = "contact_bounced"
    CONTACT_BLOCKED = "contact_blocked"
    SUPPRESSED = "suppressed"
    ADDRESS_INVALID = "address_invalid"
    REMINDERS_OFF = "reminders_off"
    THIS_REMINDER_OFF = "this_reminder_off"
    ADDRESS_CHANGED = "address_changed"
    OVERTAKEN = "overtaken"
    TOO_LATE = "too_late"
    HOLDOUT = "holdout"

    @property
    def final(self) -> bool:
        """Whether nothing more may be sent for this invitation, so that its timers end."""
        return self in _FINAL


# A missing user or contact is not final: an invalid document, set aside until somebody mends it, looks the same.
_FINAL = frozenset(
    {
        ReminderRefusal.SUBMITTED,
        ReminderRefusal.EXPIRED,
        ReminderRefusal.INVITATION_BOUNCED,
        ReminderRefusal.INVITATION_CANCELLED,
        ReminderRefusal.INVITATION_FAILED,
        ReminderRefusal.INVITATION_SKIPPED,
        ReminderRefusal.CONTACT_OPTED_OUT,
        ReminderRefusal.CONTACT_BOUNCED,
        ReminderRefusal.CONTACT_BLOCKED,
        ReminderRefusal.SUPPRESSED,
    }
)

REMINDERS = (MailKind.FIRST, MailKind.SECOND)


@dataclass(frozen=True, slots=True)
class ReminderTiming:
    """How late a reminder may be, and how far apart two mails of one invitation are at least.

    A first reminder leaves before the second one is due, or not at all. With `max_late` longer than `distance`, the
    second one is therefore never too late because the first one was late.
    """

    max_late: timedelta = timedelta(days=3)
    distance: timedelta = timedelta(days=1)


DEFAULT_TIMING = ReminderTiming()


_BY_STATUS: dict[InvitationStatus, ReminderRefusal | None] = {
    InvitationStatus.QUEUED: ReminderRefusal.NOT_SENT_YET,
    InvitationStatus.SENDING: ReminderRefusal.NOT_SENT_YET,
    InvitationStatus.SENT: None,
    InvitationStatus.OPENED: None,
    InvitationStatus.SUBMITTED: ReminderRefusal.SUBMITTED,
    InvitationStatus.EXPIRED: ReminderRefusal.EXPIRED,
    InvitationStatus.FAILED: ReminderRefusal.INVITATION_FAILED,
    InvitationStatus.BOUNCED: ReminderRefusal.INVITATION_BOUNCED,
    InvitationStatus.CANCELLED: ReminderRefusal.INVITATION_CANCELLED,
    InvitationStatus.SKIPPED: ReminderRefusal.INVITATION_SKIPPED,
    InvitationStatus.UNCERTAIN: ReminderRefusal.INVITATION_UNCERTAIN,
}


def reminder_refusal(
    kind: MailKind,
    invitation: Invitation,
    user: User | None,
    contact: Contact | None,
    *,
    suppressed: bool,
    moved: bool = False,
    at: datetime | None = None,
    timing: ReminderTiming = DEFAULT_TIMING,
) -> ReminderRefusal | None:
    """Return why this reminder (`first` or `second`) must not be sent at an instant; None if it may be.

    What ends the invitation for good is looked at first, so that its timers end at the first opportunity. `moved` says
    that the contact's record names another mailbox than the one that has the invitation: it would be reminded of a mail
    it never got. Without `at` nothing is overtaken or too late.
    """
    by_status = _BY_STATUS[invitation.status]
    if by_status is not None:
        return by_status
    refusal = invitation_refusal(user, contact, suppressed=suppressed)
    by_people = ReminderRefusal(refusal.value) if refusal else _by_settings(kind, user)
    if by_people is not None and by_people.final:
        return by_people
    by_time = _by_time(kind, invitation, at, timing) if at is not None else None
    # Last, so that the hold-out group is exactly those who would have been reminded.
    by_address = ReminderRefusal.ADDRESS_CHANGED if moved else None
    return _by_history(kind, invitation) or by_people or by_address or by_time or _by_chance(kind, invitation)


def is_undecided(kind: MailKind, invitation: Invitation) -> bool:
    """Return whether a reminder was neither sent nor left out on record."""
    return _by_history(kind, invitation) is None


def due_instant(kind: MailKind, invitation: Invitation) -> datetime | None:
    """Return when a reminder is due by the rule of R2; None before the invitation was sent."""
    due = invitation.due_at
    if due is None:
        return None
    return {MailKind.FIRST: due.first, MailKind.SECOND: due.second}[kind]


def next_mail_at(invitation: Invitation, timing: ReminderTiming) -> datetime | None:
    """Return from when on another mail may follow the last one that has, or may have, arrived; None without one."""
    uncertain = InvitationStatus.UNCERTAIN.value
    instants = [
        *((invitation.sent_at,) if invitation.sent_at is not None else ()),
        *(reminder.sent_at for reminder in invitation.reminders),
        *(skip.at for skip in invitation.reminder_skips if skip.reason == uncertain),
    ]
    return max(instants) + timing.distance if instants else None


def _by_time(kind: MailKind, invitation: Invitation, at: datetime, timing: ReminderTiming) -> ReminderRefusal | None:
    due = due_instant(kind, invitation)
    if due is None or invitation.due_at is None:
        return None
    if kind is MailKind.FIRST and invitation.due_at.second <= at:
        return ReminderRefusal.OVERTAKEN
    return ReminderRefusal.TOO_LATE if at > due + timing.max_late else None


def _by_history(kind: MailKind, invitation: Invitation) -> ReminderRefusal | None:
    if any(reminder.type is kind for reminder in invitation.reminders):
        return ReminderRefusal.ALREADY_SENT
    if any(skip.type is kind for skip in invitation.reminder_skips):
        return ReminderRefusal.ALREADY_DECIDED
    return None


def _by_chance(kind: MailKind, invitation: Invitation) -> ReminderRefusal | None:
    return ReminderRefusal.HOLDOUT if kind in (invitation.held_out or ()) else None


def _by_settings(kind: MailKind, user: User | None) -> ReminderRefusal | None:
    if user is None:
        return ReminderRefusal.USER_MISSING
    settings = user.reminder_settings
    if not settings.enabled:
        return ReminderRefusal.REMINDERS_OFF
    wanted = {MailKind.FIRST: settings.first, MailKind.SECOND: settings.second}[kind]
    return None if wanted else ReminderRefusal.THIS_REMINDER_OFF


def correction_refusal(
    invitation: Invitation, user: User | None, contact: Contact | None, *, suppressed: bool, moved: bool = False
) -> Refusal | ReminderRefusal | None:
    """Return why a correction must not be sent now; None if it may be.

    A contact that wants no mail gets none, also no correction; settings of reminders do not matter.
    """
    if any(reminder.type is MailKind.CORRECTION for reminder in invitation.reminders):
        return ReminderRefusal.ALREADY_SENT
    if any(skip.type is MailKind.CORRECTION for skip in invitation.reminder_skips):
        return ReminderRefusal.ALREADY_DECIDED
    if not invitation.may_have_arrived:
        return ReminderRefusal.NOT_SENT_YET
    # A contact that did not get the invitation needs no correction.
    return invitation_refusal(user, contact, suppressed=suppressed) or (
        ReminderRefusal.ADDRESS_CHANGED if moved else None
    )
