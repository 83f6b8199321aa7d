"""The control of a cycle: what was decided, and the end of a cycle that was cancelled or rolled back (SPEC C11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity

from activities import attempt
from activities.errors import translated
from relance.concurrency import at_once
from relance.contracts.control import ControlChange
from relance.contracts.rollback import GivenUp, GiveUpInput
from relance.domain.cycle.control import ControlState
from relance.ports import Clock, Compensations, Controls, Ledger, RunningFollowUps


@dataclass(frozen=True, slots=True)
class Controlling:
    """Reads the stored control for workflows; needs `Controls`."""

    controls: Controls

    @activity.defn
    async def look_up_control(self, period: str) -> ControlChange:
        """Return the current control of the period's cycle."""
        with translated():
            return ControlChange.of(await self.controls.get(period))


PAGE = 500
STALE = timedelta(minutes=15)
"""Longer than a relay may take to answer (RFC 5321 4.5.3.2.6): the process that claimed a mail before is dead."""


@dataclass(frozen=True, slots=True)
class Endings:
    """Ends a stopped cycle; needs `Controls`, `Compensations`, `Ledger`, `RunningFollowUps` and `Clock`."""

    controls: Controls
    compensations: Compensations
    ledger: Ledger
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
                now = max(self.clock.now(), request.at)
                await self.compensations.apply(control, now)
                in_flight = await self.compensations.in_flight(request.period)
                if in_flight and await self.ledger.drop_claims(request.period, now - STALE):
                    await self.compensations.apply(control, now)
                    in_flight = await self.compensations.in_flight(request.period)
                return GivenUp(
                    changes=dict(await self.compensations.applied(request.period, control.state)),
                    in_flight=in_flight,
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
