"""What can happen to an invitation from outside (SPEC R5), and what each event does."""

from __future__ import annotations

from enum import StrEnum

from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.invitations.people import ContactStatus


class EventKind(StrEnum):
    """The events of the CLI and the gateway."""

    OPENED = "opened"
    SUBMITTED = "submitted"
    OPTED_OUT = "opted_out"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


ENDS_FOLLOW_UP = frozenset({EventKind.SUBMITTED, EventKind.OPTED_OUT, EventKind.BOUNCED, EventKind.COMPLAINED})
"""After these nothing more is sent for the invitation."""

CONTACT_AFTER: dict[EventKind, ContactStatus] = {
    EventKind.OPTED_OUT: ContactStatus.OPTED_OUT,
    EventKind.BOUNCED: ContactStatus.BOUNCED,
    EventKind.COMPLAINED: ContactStatus.OPTED_OUT,
}
"""The contact's status after an event; the others leave it is."""

INVITATION_AFTER_SENT: dict[EventKind, InvitationStatus] = {
    EventKind.OPENED: InvitationStatus.OPENED,
    EventKind.SUBMITTED: InvitationStatus.SUBMITTED,
    EventKind.OPTED_OUT: InvitationStatus.CANCELLED,
    EventKind.BOUNCED: InvitationStatus.BOUNCED,
    EventKind.COMPLAINED: InvitationStatus.CANCELLED,
}
"""The status of an invitation that was sent."""

INVITATION_BEFORE_SENT: dict[EventKind, InvitationStatus] = {
    EventKind.SUBMITTED: InvitationStatus.SUBMITTED,
    EventKind.OPTED_OUT: InvitationStatus.SKIPPED,
    EventKind.BOUNCED: InvitationStatus.SKIPPED,
    EventKind.COMPLAINED: InvitationStatus.SKIPPED,
}
"""The status of an invitation that was queued and must not be sent any more; the reason is the event's name."""
