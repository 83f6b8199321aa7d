"""Looks up a cycle that was started before its period was opened (SPEC C1)."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from activities.errors import translated
from relance.domain.cycle.coverage import found_open
from relance.ports import Controls, CycleFates


@dataclass(frozen=True, slots=True)
class Openings:
    """Reads cycles on the server; the decisions of people about them are in `controls`."""

    fates: CycleFates
    controls: Controls

    @activity.defn
    async def look_up_opening(self, period: str) -> str:
        """Return the state of the job run that finds the period's cycle started before."""
        with translated():
            return found_open(await self.fates.fate(period), (await self.controls.get(period)).state)
