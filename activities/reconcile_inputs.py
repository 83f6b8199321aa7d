"""From what the ledger says is still to come to the follow-ups that hold it (SPEC R8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from activities.follow_up_groups import parts
from relance import ids
from relance.contracts.follow_up import Followed, FollowUpInput
from relance.domain.invitation import Invitation
from relance.domain.reconciliation import Ahead, ahead_of
from relance.ports.reconciliation import Followee


def follow_ups_of(period: str, one: Followee) -> list[str]:
    """Return the workflow ids of a user's follow-ups of a period."""
    last = max((one.contacts or 0) - 1, 0) // ids.CONTACTS_PER_FOLLOW_UP
    return [ids.follow_up_workflow_id(period, one.user_id, part) for part in range(last + 1)]


def revived_inputs(
    entries: Sequence[Invitation], open_: Mapping[str, bool], at: datetime, expiry_days: int
) -> list[tuple[FollowUpInput, list[Invitation]]]:
    """Return per part of a user's follow-ups what is still to come, with the entries it is about; none for the rest.

    `entries` are all of one user's of one period. `open_` tells by invitation id whether anything may still be sent.
    """
    result: list[tuple[FollowUpInput, list[Invitation]]] = []
    for number, part in parts(entries):
        ahead = {one.contact_id: found for one in part if open_[one.id] and (found := ahead_of(one, at)) is not None}
        if ahead:
            request = FollowUpInput(
                period=part[0].period,
                user_id=part[0].user_id,
                part=number,
                groups=_groups(ahead),
                expiry_days=expiry_days,
                may_continue=True,
            )
            result.append((request, [one for one in part if one.contact_id in ahead]))
    return result


def _groups(ahead: Mapping[str, Ahead]) -> tuple[Followed, ...]:
    found: dict[Ahead, list[str]] = {}
    for contact, one in ahead.items():
        found.setdefault(one, []).append(contact)
    return tuple(
        Followed(contacts=tuple(contacts), first=one.first, second=one.second, expiry=one.expiry, retry_at=one.retry_at)
        for one, contacts in found.items()
    )
