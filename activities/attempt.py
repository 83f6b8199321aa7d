"""The running attempt of an activity: its token, its heartbeat, its end."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity

from relance.concurrency import in_background

HEARTBEAT_EVERY = 0.5
"""Seconds; also how far the counts in `cycle status` and Temporal Web are behind (SPEC C12)."""


def token() -> str:
    """Return what marks the claims of this attempt; that of a later attempt of the same activity sorts after it."""
    info = activity.info()
    return f"{info.workflow_run_id}/{info.activity_id}/{info.attempt:09}"


def is_retry() -> bool:
    """Return whether an earlier attempt of this activity is known to be over."""
    return activity.info().attempt > 1


def is_draining() -> bool:
    """Return whether this worker is shutting down, so that no further mail may be begun."""
    return activity.is_worker_shutdown()


@asynccontextmanager
async def heartbeating(details: Callable[[], Any]) -> AsyncIterator[None]:
    """Send `details()` as heartbeat every half second for as long as the block runs."""
    async with in_background(_beat(details)):
        yield


async def _beat(details: Callable[[], Any]) -> None:
    while True:
        activity.heartbeat(details())
        await asyncio.sleep(HEARTBEAT_EVERY)


def rss_peak_mb() -> float:
    """Return the largest resident set this process ever had, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
