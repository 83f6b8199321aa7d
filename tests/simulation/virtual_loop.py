"""An event loop whose clock jumps to the next timer: months pass in seconds, and always the same way.

Processes are contexts of this one loop: what runs in the context of a dead process never runs again.
"""

from __future__ import annotations

import asyncio
from asyncio import base_events
from collections import deque
from collections.abc import Callable
from contextvars import Context
from datetime import datetime, timedelta
from heapq import heapify
from typing import Any


class Deadlock(Exception):
    """Everything waits, and nothing is ever going to happen."""


class _Selector:
    """Waits for no socket; the time it would have waited has passed at once."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Deadlock("nothing is scheduled any more")
        self._loop.elapsed += max(timeout, 0.0)
        return []


class VirtualLoop(base_events.BaseEventLoop):
    """One thread, no sockets; `elapsed` are the seconds since `start`."""

    def __init__(self, start: datetime) -> None:
        super().__init__()
        self.start = start
        self.elapsed = 0.0
        self.on_call: Callable[[Context], None] = lambda _: None
        self.is_frozen: Callable[[Context], bool] = lambda _: False
        self._selector = _Selector(self)
        self._ready: deque[asyncio.Handle]
        self._scheduled: list[Any]
        self._frozen: list[asyncio.Handle] = []

    def time(self) -> float:
        return self.elapsed

    def now(self) -> datetime:
        """Return the present instant; whole microseconds, so that a timer never seems early."""
        return self.start + timedelta(microseconds=round(self.elapsed * 1e6))

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon(callback, *args, context=context)
        if self.is_frozen(_context(handle)):
            self._frozen.append(self._ready.pop())
        self.on_call(_context(handle))
        return handle

    def freeze(self) -> None:
        """Set aside what is scheduled in frozen contexts."""
        for queue in (self._ready, self._scheduled):
            self._frozen += [handle for handle in queue if self.is_frozen(_context(handle))]
        # The running turn has counted the handles that are ready: none may be missing.
        nothing = asyncio.Handle(lambda: None, (), self)
        for place, handle in enumerate(self._ready):
            if self.is_frozen(_context(handle)):
                self._ready[place] = nothing
        for handle in self._scheduled:
            handle._scheduled = not self.is_frozen(_context(handle))
        self._scheduled = [handle for handle in self._scheduled if handle._scheduled]
        heapify(self._scheduled)

    def thaw(self) -> None:
        """Have what was set aside run after all."""
        self._ready.extend(self._frozen)
        self._frozen.clear()

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> asyncio.Future[Any]:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as problem:  # noqa: BLE001 - whoever waits gets it
            future.set_exception(problem)
        return future

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


def _context(handle: asyncio.Handle) -> Context:
    found: Context = handle._context  # type: ignore[attr-defined]
    return found
