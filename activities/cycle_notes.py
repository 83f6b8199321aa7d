"""The state of a cycle's waves, and the alerts a cycle raises when it cannot go on (SPEC C13, H3)."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from activities.errors import translated
from relance.contracts.cycle import WaveLook, WaveLookInput
from relance.contracts.waves import LeftInput
from relance.ports import Controls, Plans
from relance.ports.repairs import CycleStates
from relance.services.alerts import AlertService
from relance.services.cycle_alerts import notify_left, notify_waves


@dataclass(frozen=True, slots=True)
class CycleNotes:
    """Reads the state of waves and raises alerts; needs `CycleStates`, `Controls`, `Plans` and the `AlertService`."""

    cycles: CycleStates
    controls: Controls
    plans: Plans
    alert_service: AlertService

    @activity.defn
    async def look_at_wave(self, request: WaveLookInput) -> WaveLook:
        """Return whether a wave runs, and what it did if it has ended."""
        with translated():
            return await self.cycles.wave(request.period, request.instant)

    @activity.defn
    async def note_left(self, request: LeftInput) -> int:
        """Notify people that a cycle ends by hand; return how many plans are left open."""
        with translated():
            control = await self.controls.get(request.period)
            plans_open = await self.plans.open_count(request.period)
            await notify_left(self.alert_service, request.period, plans_open, left=not control.state.final)
        return plans_open

    @activity.defn
    async def note_waves(self, request: LeftInput) -> None:
        """Notify people of too many waves within an hour, or that they are few again."""
        with translated():
            await notify_waves(self.alert_service, request.period, request.waves, request.limit)
