"""What follow-ups are started or woken with, built from the ledger's entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from relance import ids
from relance.contracts.follow_up import Followed, FollowUpInput
from relance.domain.invitations.invitation import Invitation, InvitationStatus
from relance.domain.invitations.reconciliation import RemainingSteps, remaining_steps
from relance.ids import CONTACTS_PER_FOLLOW_UP
from relance.ports.reconciliation import ReconcileRow


def steps_after_sending(entry: Invitation) -> RemainingSteps | None:
    """Return what follows the sending of an entry: its instants, or another try; None when nothing does."""
    if entry.status in (InvitationStatus.SENT, InvitationStatus.OPENED):
        return RemainingSteps.of(entry.due_at)
    if entry.status is InvitationStatus.SENDING and entry.claim is None and entry.retry_at is not None:
        return RemainingSteps(retry_at=entry.retry_at)
    return None


def groups(ahead: Mapping[str, RemainingSteps]) -> tuple[Followed, ...]:
    """Return the contacts grouped by equal instants, which keeps the payload small."""
    found: dict[RemainingSteps, list[str]] = {}
    for contact, steps in ahead.items():
        found.setdefault(steps, []).append(contact)
    return tuple(
        Followed(
            contacts=tuple(contacts),
            first=steps.first,
            second=steps.second,
            expiry=steps.expiry,
            retry_at=steps.retry_at,
        )
        for steps, contacts in found.items()
    )


def parts(entries: Sequence[Invitation]) -> Iterator[tuple[int, list[Invitation]]]:
    """Yield a user's entries by the hundred, with the number of the follow-up that holds them.

    The hundreds are counted over all his entries, which stay the same, and not over those with something ahead: a
    second attempt must find each contact in the same part.
    """
    contacts = sorted(entries, key=lambda entry: entry.contact_id)
    for number, start in enumerate(range(0, len(contacts), CONTACTS_PER_FOLLOW_UP)):
        yield number, contacts[start : start + CONTACTS_PER_FOLLOW_UP]


def follow_up_inputs(period: str, user_id: str, entries: Sequence[Invitation], expiry_days: int) -> list[FollowUpInput]:
    """Return one input per hundred contacts of a user, where anything is ahead of them."""
    inputs: list[FollowUpInput] = []
    for number, part in parts(entries):
        ahead = {entry.contact_id: steps for entry in part if (steps := steps_after_sending(entry)) is not None}
        if ahead:
            inputs.append(_input(period, user_id, number, ahead, expiry_days))
    return inputs


def follow_ups_of(period: str, row: ReconcileRow) -> list[str]:
    """Return the workflow ids of a user's follow-ups of a period."""
    last = max((row.contacts or 0) - 1, 0) // ids.CONTACTS_PER_FOLLOW_UP
    return [ids.follow_up_workflow_id(period, row.user_id, part) for part in range(last + 1)]


def revived_inputs(
    entries: Sequence[Invitation], open_: Mapping[str, bool], at: datetime, expiry_days: int
) -> list[tuple[FollowUpInput, list[Invitation]]]:
    """Return per part of a user's follow-ups what is still to come, with the entries it is about; none for the rest.

    `entries` are all of one user's of one period. `open_` tells by invitation id whether anything may still be sent.
    """
    result: list[tuple[FollowUpInput, list[Invitation]]] = []
    for number, part in parts(entries):
        ahead = {
            invitation.contact_id: found
            for invitation in part
            if open_[invitation.id] and (found := remaining_steps(invitation, at)) is not None
        }
        if ahead:
            request = _input(part[0].period, part[0].user_id, number, ahead, expiry_days)
            result.append((request, [invitation for invitation in part if invitation.contact_id in ahead]))
    return result


def _input(
    period: str, user_id: str, part: int, ahead: Mapping[str, RemainingSteps], expiry_days: int
) -> FollowUpInput:
    return FollowUpInput(
        period=period,
        user_id=user_id,
        part=part,
        groups=groups(ahead),
        expiry_days=expiry_days,
        may_continue=True,
    )
