"""Does the listener of the mail intake greet, and how many reports wait for a person?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from relance.adapters.intake_greeting import greet_intake
from relance.adapters.probes.timing import milliseconds
from relance.domain.durations import span
from relance.domain.health.probes import ProbeName
from relance.errors import DependencyUnavailable
from relance.ports import Clock
from relance.ports.health import ProbeReading
from relance.ports.mail_intake import IntakeMessages


@dataclass(frozen=True, slots=True)
class IntakeProbe:
    """A connection of its own: while nobody greets, reports and unsubscribe mails wait in the mail server's queue."""

    host: str
    port: int
    messages: IntakeMessages
    clock: Clock
    deadline: float
    name: str = ProbeName.INTAKE

    async def look(self) -> ProbeReading:
        """Return how long the greeting took, and which reports are unmatched."""
        greeted = await milliseconds(greet_intake(self.host, self.port))
        now = self.clock.now()
        try:
            lag = await self.messages.lag(now)
        except DependencyUnavailable:
            # It has a probe of its own, and the listener greets.
            return greeted
        oldest = f"{lag.unmatched}_unmatched_for_{span(lag.oldest_for(now)).replace(' ', '_')}" if lag.unmatched else ""
        waited = f"waited_{span(lag.waited).replace(' ', '_')}" if lag.is_late else ""
        return replace(greeted, detail=" ".join(filter(None, (waited, oldest))))
