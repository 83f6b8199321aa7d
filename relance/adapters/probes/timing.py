"""How long something takes."""

from __future__ import annotations

import time
from collections.abc import Awaitable

from relance.ports.health import Reading


async def milliseconds(work: Awaitable[object]) -> Reading:
    """Return how long a piece of work took."""
    begun = time.monotonic()
    await work
    return Reading((time.monotonic() - begun) * 1000, "ms")
