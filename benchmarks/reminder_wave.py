"""First reminders of every user that come due at one instant, timed from that instant to the last one accepted.

The follow-ups the cycle has started come due in three days. Skipping that time would cost calls to the server for each
of them, right in the middle of what is measured. So each user gets a further follow-up (the parts that users with
more than a hundred contacts have) over the same invitations, which the ledger has as sent, with the first reminder
a few seconds ahead. From its timer on everything is as it will be at J+3.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.people import Documents
from relance.contracts.follow_up import Followed, FollowUpInput
from relance.temporal.follow_ups import TemporalFollowUps
from tests.support.installation import Installation

PART = 1
STARTS_AT_ONCE = 32
STARTS_PER_S = 50.0
"""A quarter of what the embedded server does; a slower machine is told so instead of measured wrongly."""
HEADROOM_S = 8.0
STALLED_S = 120.0
LOOK_EVERY_S = 1.0


async def send_reminders(
    installation: Installation, period: str, contacts: Documents, say: Callable[[str], None]
) -> float:
    """Return the reminders per second.

    Raises:
        RuntimeError: the follow-ups were not ready in time, or no reminder is accepted any more.
    """
    by_user: dict[str, list[str]] = {}
    for contact in contacts:
        by_user.setdefault(contact["userId"], []).append(contact["_id"])
    ahead = HEADROOM_S + len(by_user) / STARTS_PER_S
    due = datetime.now(UTC) + timedelta(seconds=ahead)
    say(f"starting {len(by_user)} follow-ups whose first reminders come due in {ahead:.0f} s")
    # Mails of one invitation keep their distance: three days lie between it and its first reminder.
    sent = {"$set": {"sentAt": due - timedelta(days=3)}}
    await installation.database.raw.invitations.update_many({"period": period}, sent)
    await _start(installation, [_input(period, user, mine, due) for user, mine in by_user.items()])
    if datetime.now(UTC) > due - timedelta(seconds=HEADROOM_S / 2):
        raise RuntimeError(f"starting took longer than {ahead:.0f} s, so the reminders did not come due together")
    await _all_sent(installation, period, len(contacts), due, say)
    last = await _last_accepted(installation, period)
    return len(contacts) / (last - due).total_seconds()


def _input(period: str, user_id: str, contacts: Sequence[str], due: datetime) -> FollowUpInput:
    group = Followed(
        contacts=tuple(contacts), first=due, second=due + timedelta(days=4), expiry=due + timedelta(days=27)
    )
    return FollowUpInput(period=period, user_id=user_id, part=PART, groups=(group,), expiry_days=30, may_continue=True)


async def _start(installation: Installation, inputs: Sequence[FollowUpInput]) -> None:
    follow_ups = TemporalFollowUps(installation.client, installation.database.ledger)
    slots = asyncio.Semaphore(STARTS_AT_ONCE)

    async def one(follow_up: FollowUpInput) -> None:
        async with slots:
            await follow_ups.start(follow_up)

    await asyncio.gather(*(one(follow_up) for follow_up in inputs))


async def _all_sent(
    installation: Installation, period: str, wanted: int, due: datetime, say: Callable[[str], None]
) -> None:
    await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
    sent, changed = 0, time.monotonic()
    while sent < wanted:
        if time.monotonic() - changed > STALLED_S:
            raise RuntimeError(f"after {sent} of {wanted} reminders nothing happens any more")
        await asyncio.sleep(LOOK_EVERY_S)
        outcomes = await installation.database.ledger.reminder_outcomes(period)
        now = sum(row["count"] for row in outcomes if row["reason"] is None)
        if now != sent:
            sent, changed = now, time.monotonic()
            say(f"{sent} of {wanted} reminders")


async def _last_accepted(installation: Installation, period: str) -> datetime:
    """Return when the last reminder was accepted: its own record, so that our looking costs no precision."""
    newest: list[dict[str, Any]] = [
        {"$match": {"period": period}},
        {"$unwind": "$reminders"},
        {"$group": {"_id": None, "last": {"$max": "$reminders.sentAt"}}},
    ]
    found = await installation.database.raw.invitations.aggregate(newest).to_list(None)
    last: datetime = found[0]["last"]
    return last
