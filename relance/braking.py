"""What the error gate does when it closes: pause the cycle, and tell people why (SPEC C10)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from relance.alerting import AlertDesk
from relance.controlling import CycleDesk
from relance.domain.alerts.model import Evidence, Rule
from relance.domain.alerts.opening import Sighting
from relance.domain.control import ControlState
from relance.domain.error_gate import Trip
from relance.domain.failures import Severity

ERROR_GATE = "error gate"


@dataclass(frozen=True, slots=True)
class Brake:
    """Pauses; cycles first, because an alert can wait. Pulled twice it pauses once."""

    cycles: CycleDesk
    alerts: AlertDesk

    async def pull(self, period: str, trip: Trip) -> None:
        """Pause a cycle and raise a critical alert; one that a person has ended meanwhile stays ended."""
        told = await self.cycles.tell(period, ControlState.PAUSED, trip.words, ERROR_GATE)
        if told.now.state is ControlState.PAUSED:
            await self.alerts.fire([cycle_stopped(period, trip)])


def cycle_stopped(period: str, trip: Trip) -> Sighting:
    """Return the sighting that a cycle was stopped by its errors."""
    return Sighting(
        rule=Rule.CYCLE_STOPPED,
        group=Rule.CYCLE_STOPPED,
        subject=period,
        severity=Severity.CRITICAL,
        labels={"period": period, **({"fault": trip.fault} if trip.fault else {})},
        evidence=Evidence(value=Decimal(trip.failed), baseline=Decimal(trip.results)),
    )
