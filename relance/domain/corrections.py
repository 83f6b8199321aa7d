"""Whether a correction goes out to somebody who had been invited by a cycle that was rolled back (SPEC C11)."""

from __future__ import annotations

from relance.domain.eligibility import Refusal, invitation_refusal
from relance.domain.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.people import Contact, User
from relance.domain.reminders import ReminderRefusal


def may_have_arrived(invitation: Invitation) -> bool:
    """Tell whether somebody may have got this invitation."""
    return invitation.sent_at is not None or invitation.status is InvitationStatus.UNCERTAIN


def correction_refusal(
    invitation: Invitation, user: User | None, contact: Contact | None, *, suppressed: bool
) -> Refusal | ReminderRefusal | None:
    """Return why a correction must not be sent now; None if it may be.

    Whoever wants no mail gets none, whatever we did wrong; settings of reminders do not matter.
    """
    if any(one.type is MailKind.CORRECTION for one in invitation.reminders):
        return ReminderRefusal.ALREADY_SENT
    if any(one.type is MailKind.CORRECTION for one in invitation.reminder_skips):
        return ReminderRefusal.ALREADY_DECIDED
    if not may_have_arrived(invitation):
        return ReminderRefusal.NOT_SENT_YET
    return invitation_refusal(user, contact, suppressed=suppressed)
