"""Which documents cannot be read?"""

from __future__ import annotations

from dataclasses import dataclass

from relance.domain.health.probes import ProbeName
from relance.domain.health.status import Concern
from relance.domain.quarantine import listed
from relance.ports import Quarantine
from relance.ports.health import ProbeReading


@dataclass(frozen=True, slots=True)
class QuarantineProbe:
    """The documents that were set aside, after another look at them; each collection is a concern of its own.

    The code of a concern is when its newest document was found, so that it changes when there are new ones.
    """

    quarantine: Quarantine
    deadline: float
    name: str = ProbeName.QUARANTINE

    async def look(self) -> ProbeReading:
        """Return how many cannot be read, and of which collections."""
        await self.quarantine.review()
        found = await self.quarantine.counts()
        counts = {name: count.count for name, count in found.items()}
        concerns = {
            name: Concern(code=f"{count.newest:%Y-%m-%d %H:%M:%S}", count=count.count) for name, count in found.items()
        }
        return ProbeReading(float(sum(counts.values())), "", listed(counts), concerns)
