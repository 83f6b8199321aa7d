"""Does Everflow answer?"""

from __future__ import annotations

from dataclasses import dataclass

from relance.adapters.everflow.reports import EverflowReports
from relance.adapters.probes.timing import milliseconds
from relance.domain.health.probes import ProbeName
from relance.ports.health import ProbeReading


@dataclass(frozen=True, slots=True)
class EverflowProbe:
    """The smallest question there is; `reports` has no breaker that would answer in Everflow's place."""

    reports: EverflowReports
    deadline: float
    name: str = ProbeName.EVERFLOW

    async def look(self) -> ProbeReading:
        """Return how long the answer took."""
        return await milliseconds(self.reports.check_connection())
