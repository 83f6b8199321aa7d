"""Does the listener of the mail intake greet?"""

from __future__ import annotations

from dataclasses import dataclass

from relance.adapters.intake_greeting import greet_intake
from relance.adapters.probes.timing import milliseconds
from relance.domain.health.probes import ProbeName
from relance.ports.health import ProbeReading


@dataclass(frozen=True, slots=True)
class IntakeProbe:
    """A connection of its own: while nobody greets, reports and unsubscribe mails wait in the mail server's queue."""

    host: str
    port: int
    deadline: float
    name: str = ProbeName.INTAKE

    async def look(self) -> ProbeReading:
        """Return how long the greeting took."""
        return await milliseconds(greet_intake(self.host, self.port))
