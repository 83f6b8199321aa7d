"""Questions to workflows in tests: nobody may answer for a moment on a busy machine, which is no finding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from relance.temporal.queries import until_answered

T = TypeVar("T")


async def answered(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until somebody answers; the workflow is there."""
    found = await until_answered(ask)
    assert found is not None
    return found
