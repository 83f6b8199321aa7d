"""Does Temporal answer?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from relance.domain.probes import ProbeName
from relance.errors import DependencyUnavailable
from relance.ports.health import Reading
from relance.temporal.errors import NAME, unavailable


@dataclass(frozen=True, slots=True)
class FrontendProbe:
    """The frontend's own health check."""

    client: Client
    deadline: float
    name: str = ProbeName.TEMPORAL

    async def look(self) -> Reading:
        """Return how long the answer took."""
        begun = time.monotonic()
        try:
            serving = await self.client.service_client.check_health(timeout=timedelta(seconds=self.deadline))
        except RPCError as error:
            raise unavailable("the health check failed", error) from None
        if not serving:
            raise DependencyUnavailable(NAME, "it says that it does not serve")
        return Reading((time.monotonic() - begun) * 1000, "ms")
