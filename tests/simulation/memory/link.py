"""The way to the server: in tests of the adapters nothing happens on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Link(Protocol):
    """Runs what a call does on the server, step by step, and whatever may happen around it."""

    async def call(self, operation: str, steps: Sequence[Callable[[], Any]]) -> list[Any]:
        """Return the results of the steps.

        Raises:
            PyMongoError: the call failed; none, some or all of the steps were done.
        """


class SafeLink:
    """Always answers."""

    async def call(self, operation: str, steps: Sequence[Callable[[], Any]]) -> list[Any]:
        await asyncio.sleep(0)
        results = [step() for step in steps]
        await asyncio.sleep(0)
        return results
