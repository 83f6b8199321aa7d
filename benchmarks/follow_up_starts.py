"""Follow-ups whose steps come due when a benchmark wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.people import Documents
from relance.concurrency import at_once
from relance.contracts.follow_up import Followed, FollowUpInput
from relance.domain.invitations.invitation import DueAt
from relance.temporal.follow_ups import TemporalFollowUps
from tests.support.installation import Installation

BESIDE_A_CYCLE = 1
"""The part of a follow-up that users with more than a hundred contacts have; the cycle has started part 0."""
STARTS_AT_ONCE = 32


def by_user(contacts: Documents) -> dict[str, list[str]]:
    """Return the ids of each user's contacts."""
    found: dict[str, list[str]] = {}
    for contact in contacts:
        found.setdefault(contact["userId"], []).append(contact["_id"])
    return found


async def start_follow_ups(
    installation: Installation, period: str, contacts: Mapping[str, Sequence[str]], due: DueAt, *, part: int = 0
) -> None:
    """Start one for each user over these contacts, all of them due at the same instants."""
    follow_ups = TemporalFollowUps(installation.client, installation.database.ledger)

    async def start(user_id: str) -> None:
        group = Followed(contacts=tuple(contacts[user_id]), first=due.first, second=due.second, expiry=due.expiry)
        await follow_ups.start(
            FollowUpInput(period=period, user_id=user_id, part=part, groups=(group,), expiry_days=30, may_continue=True)
        )

    await at_once(contacts, start, STARTS_AT_ONCE)
