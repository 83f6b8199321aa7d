"""Whether a correction goes out to somebody who had been invited by a cycle that was rolled back (SPEC C11)."""

from __future__ import annotations

from relance.domain.eligibility import Refusal, invitation_refusal
from relance.domain.invitation import Invitation, MailKind
from relance.domain.people import Contact, User
from relance.domain.reminders import ReminderRefusal


def correction_refusal(
    invitation: Invitation, user: User | None, contact: Contact | None, *, suppressed: bool, moved: bool = False
) -> Refusal | ReminderRefusal | None:
    """Return why a correction must not be sent now; None if it may be.

    Whoever wants no mail gets none, whatever we did wrong; settings of reminders do not matter.
    """
    if any(one.type is MailKind.CORRECTION for one in invitation.reminders):
        return ReminderRefusal.ALREADY_SENT
    if any(one.type is MailKind.CORRECTION for one in invitation.reminder_skips):
        return ReminderRefusal.ALREADY_DECIDED
    if not invitation.may_have_arrived:
        return ReminderRefusal.NOT_SENT_YET
    # Whoever did not get the invitation has nothing to be put right.
    return invitation_refusal(user, contact, suppressed=suppressed) or (
        ReminderRefusal.ADDRESS_CHANGED if moved else None
    )
