"""What a period looks like when all is said and done: who was written to, and whether the books say so."""

from __future__ import annotations

from dataclasses import dataclass

from relance import ids
from tests.faults.hands.site import CONNECTIONS, CONTACTS, Site

OPEN = ("queued", "sending")


@dataclass(frozen=True, slots=True)
class Audited:
    """Invitations lost, doubled (and how many may be), sent to whom they must not; what is unaccounted for."""

    lost: int = 0
    duplicates: int = 0
    bound: int = 0
    ineligible: int = 0
    balance: int = 0


async def audit(site: Site, period: str, *, cancelled: bool = False) -> Audited:
    """Compare the mailbox with the people; after a cancellation not everybody must have been written to."""
    accepted = await site.mails(period)
    arrived = {site.invitation_of(message_id) for message_id in accepted}
    wanted = {
        ids.invitation_id(period, f"u{user}", f"u{user}c{contact}")
        for user in range(site.users)
        for contact in range(CONTACTS)
    }
    entries = await site.installation.entries(period)
    missing = wanted - arrived
    lost = {one for one in missing if not cancelled or (one in entries and entries[one].status in OPEN)}
    statistics = await site.installation.statistics(period)
    return Audited(
        lost=len(lost),
        duplicates=accepted.total() - len(accepted),
        bound=site.hands[period] * CONNECTIONS,
        ineligible=len(arrived - wanted),
        balance=abs(statistics.balance) + statistics.open + statistics.plans_open,
    )


async def is_falsely_balanced(site: Site, period: str) -> bool:
    """Tell whether a stored report says that a period is done while it is not."""
    stored = await site.installation.database.job_runs.statistics(period)
    if stored is None or stored.open or stored.plans_open or stored.balance:
        return False
    now = await site.installation.statistics(period)
    return bool(now.plans_open or now.open)
