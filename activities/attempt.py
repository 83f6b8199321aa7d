"""The running attempt of an activity: its token, its heartbeat, its end."""

from __future__ import annotations

import asyncio
import contextvars
import resource
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from temporalio import activity

from relance.concurrency import in_background

HEARTBEAT_EVERY = 0.5
"""Seconds; also how far the counts in `cycle status` and Temporal Web are behind (SPEC C12)."""

SIGN_OF_LIFE_EVERY = 5.0
"""Seconds; several times within the shortest heartbeat time-out of what uses it (`workflows.common.options.STEP`)."""


def token() -> str:
    """Return what marks the claims of this attempt; see `token_of`."""
    return token_of(activity.info())


def token_of(info: activity.Info) -> str:
    """Return what marks the claims of an attempt; that of a later attempt of the same activity sorts after it.

    A local activity that is run again after a crash has the number of the attempt before, but begins at another time.
    """
    number = f"{info.started_time.timestamp():.6f}" if info.is_local else f"{info.attempt:09}"
    return f"{info.workflow_run_id}/{info.activity_id}/{number}"


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


@contextmanager
def signs_of_life() -> Iterator[None]:
    """Send a heartbeat that tells nothing, every few seconds for as long as the block runs; most blocks need none.

    Each heartbeat is a write of the server, and a task of ours costs more than the timer that stands for it here.
    """
    loop = asyncio.get_running_loop()
    beat = contextvars.copy_context()
    timer: asyncio.TimerHandle | None = None

    def again() -> None:
        nonlocal timer
        timer = loop.call_later(SIGN_OF_LIFE_EVERY, send, context=beat)

    def send() -> None:
        activity.heartbeat()
        again()

    again()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()


def rss_peak_mb() -> float:
    """Return the largest resident set this process ever had, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
