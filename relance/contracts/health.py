"""What travels to and from the health check: looks, counts and instants (SPEC H2)."""

from __future__ import annotations

from datetime import timedelta

from relance.domain.base import Utc, Wire
from relance.domain.health.status import ProbeResult


class Round(Wire):
    """A look at everything, and how long it took; `database_lost` if nothing can be stored at the moment.

    `again` is the pause before a further look, where there is a reason for one.
    """

    looks: tuple[ProbeResult, ...]
    took: timedelta
    database_lost: bool = False
    again: timedelta = timedelta(seconds=20)


class HealthVerdict(Wire):
    """What a round of looks led to; `again` is when another one may change it, None if nothing is changing."""

    counts: dict[str, int]
    again: timedelta | None = None


class OutageInput(Wire):
    """Holds one outage of MongoDB for as long as it lasts; what follows `begun` carries on across continue-as-new.

    `bad` and `good` are looks in a row; `told` is the instant at which people were notified.
    """

    begun: Utc
    bad: int = 0
    good: int = 0
    looks: int = 0
    told: Utc | None = None


class OutageLook(Wire):
    """One look at MongoDB, and how outages are held: looks in a row that begin and end one, pauses between them."""

    look: ProbeResult
    fail_after: int
    recover_after: int
    again: timedelta
    longest: timedelta

    @property
    def lost(self) -> bool:
        """Whether MongoDB did not answer."""
        return self.look.trouble is not None


class OutageNotice(Wire):
    """Tells people that MongoDB is away, or with `ended` that it is back; the same `begun` means the same outage."""

    begun: Utc
    at: Utc
    trouble: str = "unreachable"
    ended: Utc | None = None


class OutageResult(Wire):
    """How an outage ended; `told` is false for a short outage, which nobody is notified of."""

    begun: Utc
    ended: Utc
    told: bool
