"""Is every period that is near looked after: has it a cycle, plans, and a plan of each user?"""

from __future__ import annotations

from dataclasses import dataclass

from relance.domain.health.probes import ProbeName
from relance.domain.health.status import Concern
from relance.ports.health import ProbeReading
from relance.services.coverage import CoverageWatch


@dataclass(frozen=True, slots=True)
class PeriodsProbe:
    """The periods that lack something, each a concern of its own."""

    watch: CoverageWatch
    deadline: float
    name: str = ProbeName.PERIODS

    async def look(self) -> ProbeReading:
        """Return how many periods, which, and what each lacks."""
        found = await self.watch.look()
        concerns = {
            gap.period: Concern(code=gap.gap, count=gap.count, reason=gap.state if gap.state.cut else "")
            for gap in found
        }
        return ProbeReading(float(len(found)), "", ", ".join(f"{gap.period} {gap.gap}" for gap in found), concerns)
