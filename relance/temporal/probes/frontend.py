"""Does Temporal answer?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from relance.domain.health.probes import ProbeName
from relance.errors import DependencyUnavailable
from relance.ports.health import ProbeReading
from relance.temporal.errors import NAME, unavailable


@dataclass(frozen=True, slots=True)
class FrontendProbe:
    """The frontend's own health check."""

    client: Client
    deadline: float
    name: str = ProbeName.TEMPORAL

    async def look(self) -> ProbeReading:
        """Return how long the answer took."""
        begun = time.monotonic()
        await check_connection(self.client, timedelta(seconds=self.deadline))
        return ProbeReading((time.monotonic() - begun) * 1000, "ms")


async def check_connection(client: Client, within: timedelta) -> None:
    """Ask whether the frontend serves.

    Raises:
        DependencyUnavailable: it does not, or nobody answers in time.
    """
    try:
        serving = await client.service_client.check_health(timeout=within)
    except RPCError as error:
        raise unavailable("the health check failed", error) from None
    if not serving:
        raise DependencyUnavailable(NAME, "it says that it does not serve")
