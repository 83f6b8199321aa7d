"""Whether a due reminder goes out, decided at that moment and from the database alone (SPEC R3, R6)."""

from __future__ import annotations

from enum import StrEnum

from relance.domain.eligibility import invitation_refusal
from relance.domain.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.people import Contact, User


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
) -> ReminderRefusal | None:
    """Return why this reminder (`first` or `second`) must not be sent now; None if it may be.

    What ends the invitation for good is looked at first, so that its timers end at the first opportunity. `moved` says
    that the contact's record names another mailbox than the one that has the invitation: it would be reminded of a mail
    it never got.
    """
    by_status = _BY_STATUS[invitation.status]
    if by_status is not None:
        return by_status
    refusal = invitation_refusal(user, contact, suppressed=suppressed)
    by_people = ReminderRefusal(refusal.value) if refusal else _by_settings(kind, user)
    if by_people is not None and by_people.final:
        return by_people
    # Last, so that the hold-out group is exactly those who would have been reminded.
    by_address = ReminderRefusal.ADDRESS_CHANGED if moved else None
    return _by_history(kind, invitation) or by_people or by_address or _by_chance(kind, invitation)


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
