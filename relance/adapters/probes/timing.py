"""How long something takes."""

from __future__ import annotations

import time
from collections.abc import Awaitable

from relance.ports.health import ProbeReading


async def milliseconds(work: Awaitable[object]) -> ProbeReading:
    """Return how long a piece of work took."""
    begun = time.monotonic()
    await work
    return ProbeReading((time.monotonic() - begun) * 1000, "ms")
