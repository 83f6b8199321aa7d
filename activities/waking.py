"""Wakes the follow-ups that a pause held back, no faster than the workers can process them (SPEC C11)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity

from activities import attempt
from activities.errors import translated
from activities.follow_up_inputs import follow_ups_of
from relance.concurrency import at_once
from relance.contracts.waking import WakeInput, WakeResult
from relance.domain.invitations.reconciliation import STANDS_STILL
from relance.ports import Clock, Controls
from relance.ports.reconciliation import FollowUpWatch, ReconcileRow, ReconcileRows

PAGE = 500
LOOK_EVERY = timedelta(seconds=1)
PATIENCE = timedelta(seconds=30)
"""How long a group of users is waited for: a provider that puts its mails off must not keep the others asleep."""


@dataclass(frozen=True, slots=True)
class Waking:
    """Wakes users in groups of `together`, so that the follow-ups that are awake fit the workers' slots and caches."""

    reconcile_rows: ReconcileRows
    controls: Controls
    follow_ups: FollowUpWatch
    together: int
    clock: Clock

    @activity.defn
    async def wake_held(self, request: WakeInput) -> WakeResult:
        """Wake the follow-ups of every user of whom something is due; goes on where it was cut off.

        To be woken twice costs a look. One that does not run is left to the reconciliation, which knows whether it has
        ended or was lost. Ends early when the cycle stands still again.
        """
        known = activity.info().heartbeat_details
        after, counts = (known[0][0], WakeResult.model_validate(known[0][1])) if known else (None, WakeResult())
        with translated():
            async with attempt.heartbeating(lambda: (after, counts.model_dump())):
                while page := await self._page(request.period, after):
                    for some in _cut([row for row in page if row.due], self.together):
                        if (await self.controls.get(request.period)).state in STANDS_STILL:
                            return counts.model_copy(update={"stopped": True})
                        counts = await self._wake(request.period, some, counts)
                        # Who is woken is not woken again by an attempt that fails while it waits for him.
                        before, after = after, some[-1].user_id
                        activity.heartbeat((after, counts.model_dump()))
                        await self._worked_off(request.period, before, {row.user_id for row in some})
                    after = page[-1].user_id
        return counts

    async def _page(self, period: str, after: str | None) -> list[ReconcileRow]:
        now = self.clock.now()
        return await self.reconcile_rows.page(period, after, PAGE, at=now, late_since=now)

    async def _wake(self, period: str, users: Sequence[ReconcileRow], counts: WakeResult) -> WakeResult:
        asked = [follow_up for user in users for follow_up in follow_ups_of(period, user)]
        woken = sum(await at_once(asked, self.follow_ups.wake))
        return WakeResult(
            users=counts.users + len(users),
            woken=counts.woken + woken,
            missing=counts.missing + len(asked) - woken,
        )

    async def _worked_off(self, period: str, after: str | None, users: set[str]) -> None:
        """Wait until the mails of half of these users are decided."""
        deadline = asyncio.get_running_loop().time() + PATIENCE.total_seconds()
        while asyncio.get_running_loop().time() < deadline:
            page = await self._page(period, after)
            if 2 * sum(row.due > 0 for row in page if row.user_id in users) <= len(users):
                return
            await asyncio.sleep(LOOK_EVERY.total_seconds())


def _cut(users: Sequence[ReconcileRow], size: int) -> Iterator[Sequence[ReconcileRow]]:
    for start in range(0, len(users), size):
        yield users[start : start + size]
