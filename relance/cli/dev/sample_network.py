"""The sample network behind `dev` and `demo`: on one day each check finds one thing, and nothing before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.samples import sample_world


@dataclass(slots=True)
class SampleNetwork:
    """The facts of the network at `address`; `day` is the one with the findings."""

    address: str
    day: date

    async def load(self, day: date) -> None:
        """Replace the facts by those with the findings on this day."""
        async with EverflowControl(self.address) as everflow:
            await everflow.put_world(sample_world(day))
        self.day = day

    async def keep_up(self, today: date) -> None:
        """When a new day has begun, move the facts on to it, unless somebody has programmed others."""
        if today == self.day:
            return
        async with EverflowControl(self.address) as everflow:
            if await everflow.world() == sample_world(self.day):
                await everflow.put_world(sample_world(today))
        self.day = today
