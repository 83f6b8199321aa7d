"""From what became of a user's invitations to the input of his follow-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from relance.contracts.follow_up import Followed, FollowUpInput
from relance.domain.invitation import DueAt, Invitation, InvitationStatus
from relance.ids import CONTACTS_PER_FOLLOW_UP
from relance.ports import Deferred, Sent


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is still ahead of one invitation: its instants, or another try."""

    due: DueAt | None = None
    retry_at: datetime | None = None


def ahead_of_entry(entry: Invitation) -> Ahead | None:
    """Return what is ahead of an entry of the ledger; None when nothing is."""
    if entry.status in (InvitationStatus.SENT, InvitationStatus.OPENED):
        return Ahead(due=entry.due_at)
    if entry.status is InvitationStatus.SENDING and entry.claim is None and entry.retry_at is not None:
        return Ahead(retry_at=entry.retry_at)
    return None


def ahead_of_outcome(outcome: object) -> Ahead | None:
    """Return what is ahead after a mail's outcome; None when nothing is."""
    if isinstance(outcome, Sent):
        return Ahead(due=outcome.due)
    if isinstance(outcome, Deferred):
        return Ahead(retry_at=outcome.retry_at)
    return None


def groups(ahead: Mapping[str, Ahead]) -> tuple[Followed, ...]:
    """Return the contacts grouped by equal instants, which keeps the payload small."""
    found: dict[Ahead, list[str]] = {}
    for contact, one in ahead.items():
        found.setdefault(one, []).append(contact)
    return tuple(
        Followed(
            contacts=tuple(contacts),
            first=one.due.first if one.due else None,
            second=one.due.second if one.due else None,
            expiry=one.due.expiry if one.due else None,
            retry_at=one.retry_at,
        )
        for one, contacts in found.items()
    )


def follow_up_inputs(period: str, user_id: str, ahead: Mapping[str, Ahead], expiry_days: int) -> list[FollowUpInput]:
    """Return one input per hundred contacts that have something ahead of them."""
    contacts = sorted(ahead)
    return [
        FollowUpInput(
            period=period,
            user_id=user_id,
            part=part,
            groups=groups({contact: ahead[contact] for contact in contacts[start : start + CONTACTS_PER_FOLLOW_UP]}),
            expiry_days=expiry_days,
        )
        for part, start in enumerate(range(0, len(contacts), CONTACTS_PER_FOLLOW_UP))
    ]
