"""Work for many items a few at a time, without holding the event loop; work in the background of a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

AT_ONCE = 16
STEP = 100
"""Items between two turns of the others: at 100 us for one, 10 ms."""

T = TypeVar("T")
R = TypeVar("R")


async def at_once(items: Iterable[T], work: Callable[[T], Awaitable[R]], limit: int = AT_ONCE) -> list[R]:
    """Return the results in order, with at most `limit` under way; the first error is raised."""
    slots = asyncio.Semaphore(limit)

    async def one(item: T) -> R:
        async with slots:
            return await work(item)

    return list(await asyncio.gather(*(one(item) for item in items)))


async def stepwise(items: Iterable[T], step: int = STEP) -> AsyncIterator[T]:
    """Yield the items, and let others have their turn after every `step` of them."""
    for number, item in enumerate(items, 1):
        yield item
        if number % step == 0:
            await asyncio.sleep(0)


@asynccontextmanager
async def in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a coroutine while the block runs; it is cancelled, and has ended, when the block is left."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
