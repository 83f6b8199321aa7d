"""Doing the same for many, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

AT_ONCE = 16

T = TypeVar("T")
R = TypeVar("R")


async def at_once(items: Iterable[T], work: Callable[[T], Awaitable[R]], limit: int = AT_ONCE) -> list[R]:
    """Return the results in order, with at most `limit` under way; the first error is raised."""
    slots = asyncio.Semaphore(limit)

    async def one(item: T) -> R:
        async with slots:
            return await work(item)

    return list(await asyncio.gather(*(one(item) for item in items)))
