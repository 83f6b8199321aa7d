"""Start the follow-ups of a sent batch.

They start after the wave's mails, since the first timer is three days off (SPEC R1).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from temporalio import activity

from activities import attempt
from activities.errors import translated
from activities.follow_up_inputs import follow_up_inputs
from relance.contracts.cycle import BatchInput
from relance.contracts.follow_up import FollowUpInput
from relance.domain.invitations.unsent import end_of_plan
from relance.ports import Clock, FollowUps, Ledger, Meter, Plans

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class FollowUpStarts:
    """Start follow-ups; needs `Plans`, `Ledger`, `FollowUps`, `Meter` and `Clock`."""

    plans: Plans
    ledger: Ledger
    follow_ups: FollowUps
    meter: Meter
    clock: Clock

    @activity.defn
    async def start_follow_ups(self, request: BatchInput) -> int:
        """Start the follow-ups of a batch's users from the ledger, finish their plans, and return how many started.

        A plan is finished only when its follow-ups run, so that a second attempt starts what is missing; one that runs
        already is left alone.
        """
        started = 0
        with translated():
            async with attempt.heartbeating(lambda: started):
                now = max(self.clock.now(), request.at)
                plans = await self.plans.begin(request.period, request.instant, request.boundary, now)
                user_ids = [plan.user_id for plan in plans]
                entries = await self.ledger.of_users(request.period, user_ids)
                slots = asyncio.Semaphore(AT_ONCE)

                async def start(follow_up: FollowUpInput) -> None:
                    nonlocal started
                    async with slots:
                        if await self.follow_ups.start(follow_up):
                            started += 1
                            self.meter.follow_up_started()

                await asyncio.gather(
                    *(
                        start(follow_up)
                        for user_id in user_ids
                        for follow_up in follow_up_inputs(
                            request.period, user_id, entries.get(user_id, []), request.expiry_days
                        )
                    )
                )
                ends = {user_id: end_of_plan(entries.get(user_id, [])) for user_id in user_ids}
                for end in set(ends.values()):
                    users = [user_id for user_id in user_ids if ends[user_id] == end]
                    await self.plans.finish(request.period, users, end.status, now, end.reason)
        return started
