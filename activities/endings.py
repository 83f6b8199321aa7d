"""The end of a cycle that was cancelled or rolled back: what it has not done is given up, with a record (SPEC C11)."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from activities import attempt
from activities.failures import translated
from relance.contracts.rollback import GivenUp, GiveUpInput
from relance.ports import Clock, Compensations, Controls


@dataclass(frozen=True, slots=True)
class Endings:
    """Gives up; needs `Controls`, `Compensations` and `Clock`."""

    controls: Controls
    compensations: Compensations
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
                )
