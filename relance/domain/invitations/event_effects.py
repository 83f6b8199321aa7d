"""What an event from outside does to an invitation, whenever it arrives and however often (SPEC R5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relance.domain.invitations.events import ENDS_FOLLOW_UP, INVITATION_AFTER_SENT, INVITATION_BEFORE_SENT, EventKind
from relance.domain.invitations.invitation import Invitation, InvitationStatus, Notice, may_become

_S = InvitationStatus
_ENDS = frozenset({_S.SUBMITTED, _S.SKIPPED, _S.CANCELLED, _S.BOUNCED})
_OVER = frozenset({*_ENDS, _S.FAILED, _S.EXPIRED})
"""The step that brought an invitation here has notified its follow-up, or the follow-up ended by itself."""


def effects(kind: EventKind, at: datetime, invitation: Invitation) -> dict[str, Any]:
    """Return the fields of the invitation the event sets; none if it comes too late or for the second time."""
    fields = _facts(kind, at, invitation)
    target = _target(kind, invitation)
    if target is None or not may_become(invitation.status, target):
        return fields
    fields["status"] = target
    if target is _S.SUBMITTED:
        fields["submitted_at"] = at
    elif target in _ENDS:
        fields["reason"] = kind.value
    if target in _ENDS:
        fields["ended_at"] = at
    return fields


def notice_of(kind: EventKind, at: datetime, invitation: Invitation, since: datetime) -> Notice | None:
    """Return what the invitation's follow-up has to be notified of; None if the event ends nothing for it."""
    if kind not in ENDS_FOLLOW_UP or invitation.status in _OVER:
        return None
    return Notice(kind=kind.value, at=at, since=since)


def changed(invitation: Invitation, fields: Mapping[str, Any]) -> Invitation:
    """Return the invitation with these fields."""
    return invitation.model_copy(update=fields) if fields else invitation


def _facts(kind: EventKind, at: datetime, invitation: Invitation) -> dict[str, Any]:
    handed_over = invitation.sent_at is not None or invitation.claim is not None
    first_time = kind is EventKind.OPENED and invitation.opened_at is None
    may_be_opened = invitation.status is _S.UNCERTAIN or handed_over
    return {"opened_at": at} if first_time and may_be_opened else {}


def _target(kind: EventKind, invitation: Invitation) -> InvitationStatus | None:
    if invitation.status is _S.QUEUED:
        return INVITATION_BEFORE_SENT.get(kind)
    if invitation.status is not _S.SENDING:
        return INVITATION_AFTER_SENT[kind]
    if invitation.claim is None:
        return INVITATION_BEFORE_SENT.get(kind)
    # The mail is under way: only an answer proves that it arrived; the follow-up acts on the rest.
    return _S.SUBMITTED if kind is EventKind.SUBMITTED else None
