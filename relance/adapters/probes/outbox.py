"""Do follow-ups hear of what has come in?"""

from __future__ import annotations

from dataclasses import dataclass

from relance.domain.health.probes import ProbeName
from relance.ports import Clock, Outbox
from relance.ports.health import ProbeReading


@dataclass(frozen=True, slots=True)
class OutboxProbe:
    """How long the oldest event has waited for its follow-up to be notified of it."""

    outbox: Outbox
    clock: Clock
    deadline: float
    name: str = ProbeName.OUTBOX

    async def look(self) -> ProbeReading:
        """Return the seconds, and how many wait."""
        lag = await self.outbox.lag()
        return ProbeReading(lag.seconds(self.clock.now()), "s", f"{lag.waiting}_waiting" if lag.waiting else "")
