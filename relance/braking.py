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
    """Pauses a cycle and tells people. Pulled twice it pauses once, and they hear of it once."""

    cycles: CycleDesk
    alerts: AlertDesk

    async def pull(self, period: str, trip: Trip) -> None:
        """Raise a critical alert and pause a cycle; one that a person has ended meanwhile stays ended.

        People are told first: whatever fails or dies in between, the cycle still runs and its errors stop it again. The
        other way round it could stand still without anybody knowing.
        """
        await self.alerts.fire([cycle_stopped(period, trip)])
        told = await self.cycles.tell(period, ControlState.PAUSED, trip.words, ERROR_GATE)
        if told.now.state is not ControlState.PAUSED:
            await self.alerts.clear(Rule.CYCLE_STOPPED, period)


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
