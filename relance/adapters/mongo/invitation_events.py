"""What an event from outside does to an invitation, whenever it arrives and however often (SPEC R5)."""

from __future__ import annotations

from relance.adapters.mongo.documents import Raw
from relance.contracts.follow_up import InvitationEvent
from relance.domain.events import INVITATION_AFTER_SENT, INVITATION_BEFORE_SENT, EventKind
from relance.domain.invitation import Invitation, InvitationStatus, may_become

_S = InvitationStatus
_ENDS = {_S.SUBMITTED, _S.SKIPPED, _S.CANCELLED, _S.BOUNCED}


def changes(event: InvitationEvent, invitation: Invitation) -> Raw:
    """Return the fields the event sets; none if it comes too late or for the second time."""
    fields = _facts(event, invitation)
    target = _target(event.kind, invitation)
    if target is None or not may_become(invitation.status, target):
        return fields
    fields["status"] = target.value
    if target is _S.SUBMITTED:
        fields["submittedAt"] = event.at
    elif target in _ENDS:
        fields["reason"] = event.kind.value
    if target in _ENDS:
        fields["endedAt"] = event.at
    return fields


def _facts(event: InvitationEvent, invitation: Invitation) -> Raw:
    handed_over = invitation.sent_at is not None or invitation.claim is not None
    first_time = event.kind is EventKind.OPENED and invitation.opened_at is None
    may_be_opened = invitation.status is _S.UNCERTAIN or handed_over
    return {"openedAt": event.at} if first_time and may_be_opened else {}


def _target(kind: EventKind, invitation: Invitation) -> InvitationStatus | None:
    if invitation.status is _S.QUEUED:
        return INVITATION_BEFORE_SENT.get(kind)
    if invitation.status is not _S.SENDING:
        return INVITATION_AFTER_SENT[kind]
    if invitation.claim is None:
        return INVITATION_BEFORE_SENT.get(kind)
    # The mail is under way: only an answer proves that it arrived; the follow-up acts on the rest.
    return _S.SUBMITTED if kind is EventKind.SUBMITTED else None
