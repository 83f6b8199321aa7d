"""A number of places that may change while some are taken: connections, and mails under way at one provider."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Places:
    """A semaphore whose size is asked for each time; a place beyond a size that has shrunk is not handed out again."""

    def __init__(self, size: Callable[[], int]) -> None:
        self._size = size
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def locked(self) -> bool:
        """Return whether a place would have to be waited for."""
        return self._taken >= self._size() or any(not waiter.done() for waiter in self._waiting)

    async def acquire(self) -> None:
        """Take a place, waiting for it in line."""
        if not self.locked():
            self._taken += 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.release()
            else:
                self._waiting.remove(mine)
            raise

    def release(self) -> None:
        """Give a place back."""
        self._taken -= 1
        while self._waiting and self._taken < self._size():
            waiter = self._waiting.popleft()
            if not waiter.done():
                # Taken on behalf of the one that wakes up, so that nobody overtakes it.
                self._taken += 1
                waiter.set_result(None)

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()
