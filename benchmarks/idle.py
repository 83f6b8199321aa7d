"""A limit is measured while nobody else works: servers have written what they had to write."""

from __future__ import annotations

import asyncio
import time

import psutil

IDLE = 0.9
LOOK_S = 1.0
PATIENCE_S = 20.0


async def wait_until_idle() -> float:
    """Wait until the machine idles, for so long at most; return the part of its time it idled in the last second."""
    deadline = time.monotonic() + PATIENCE_S
    psutil.cpu_percent()
    while True:
        await asyncio.sleep(LOOK_S)
        idle = 1 - psutil.cpu_percent() / 100
        if idle >= IDLE or time.monotonic() > deadline:
            return idle
