"""The end of a cycle that was cancelled or rolled back: what it has not done is given up, with a record (SPEC C11)."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from activities import attempt
from activities.failures import translated
from relance.concurrency import at_once
from relance.contracts.rollback import GivenUp, GiveUpInput
from relance.domain.control import ControlState
from relance.ports import Clock, Compensations, Controls, RunningFollowUps

PAGE = 500


@dataclass(frozen=True, slots=True)
class Endings:
    """Gives up; needs `Controls`, `Compensations`, `RunningFollowUps` and `Clock`."""

    controls: Controls
    compensations: Compensations
    follow_ups: RunningFollowUps
    clock: Clock

    @activity.defn
    async def give_up(self, request: GiveUpInput) -> GivenUp:
        """Give up what the stored decision gives up; a cycle that runs or is paused gives up nothing."""
        with translated():
            control = await self.controls.get(request.period)
            if not control.state.final:
                return GivenUp()
            async with attempt.heartbeating(lambda: None):
                await self.compensations.apply(control, max(self.clock.now(), request.at))
                return GivenUp(
                    changes=dict(await self.compensations.applied(request.period, control.state)),
                    in_flight=await self.compensations.in_flight(request.period),
                    reached=await self.compensations.count_reached(request.period),
                )

    @activity.defn
    async def stop_follow_ups(self, period: str) -> int:
        """End the follow-ups of a period that was rolled back; return how many were running.

        Goes on after a crash at the page it had reached.
        """
        known = activity.info().heartbeat_details
        after, stopped = known[0] if known else (None, 0)
        with translated():
            async with attempt.heartbeating(lambda: (after, stopped)):
                while page := await self.compensations.users(period, after, PAGE):
                    stopped += sum(await at_once(page, lambda user: self._stop(period, user)))
                    after = page[-1]
        return stopped

    async def _stop(self, period: str, user_id: str) -> int:
        return await self.follow_ups.stop(period, user_id, ControlState.ROLLED_BACK.reason)
