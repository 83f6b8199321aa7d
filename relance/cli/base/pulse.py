"""The sign of life of a command: who waits for it reads every few seconds what for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

QUIET_S = 5.0
"""Seconds without a word; nothing may be silent for twice as long."""
LOOK_S = 0.5


class Pulse:
    """Knows what a command waits for, and when it last said something."""

    def __init__(self) -> None:
        self._what: list[str] = []
        self._resting = 0
        self._began = self._spoken_at = time.monotonic()

    def spoken(self) -> None:
        """Note that something was said."""
        self._spoken_at = time.monotonic()

    @contextmanager
    def about(self, what: str) -> Iterator[None]:
        """Say, when the time has come, that the block waits for this."""
        self._what.append(what)
        try:
            yield
        finally:
            self._what.remove(what)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Say nothing while the block speaks for itself."""
        self._resting += 1
        try:
            yield
        finally:
            self._resting -= 1
            self.spoken()

    async def beat(self, say: Callable[[str], None]) -> None:
        """Say it until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            now = time.monotonic()
            if not self._resting and now - self._spoken_at >= QUIET_S:
                what = f"waiting for {self._what[-1]}" if self._what else "still at it"
                say(f"{what} ({now - self._began:.0f} s)")
                self._spoken_at = now
