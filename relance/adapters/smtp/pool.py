"""The open connections of a process: never more than the settings allow, opened when needed, renewed, and closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from relance.adapters.smtp.places import Places
from relance.adapters.smtp.session import Session

# Shorter than the idle limits of common relays (Postfix: 300 s) and of address translation on the way.
IDLE_SECONDS = 30.0

Open: TypeAlias = Callable[[], Awaitable[Session]]


class PoolSlot:
    """The right to have one connection; which one may change as they break or are renewed."""

    def __init__(self, open_session: Open, renew_after: int, session: Session | None) -> None:
        self._open = open_session
        self._renew_after = renew_after
        self.session = session

    async def ready(self) -> Session:
        """Return a connection fit for one more mail, opening or renewing it if it has to be."""
        if self.session is not None:
            if not self.session.lost and self.session.handled < self._renew_after:
                return self.session
            worn, self.session = self.session, None
            await worn.quit()
        self.session = await self._open()
        return self.session


class Pool:
    """Hands out slots, and keeps idle connections for a while. Who made it closes it."""

    def __init__(
        self, open_session: Open, *, size: Callable[[], int], renew_after: int, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._open = open_session
        self._renew_after = renew_after
        self._idle_seconds = idle_seconds
        self._free = Places(size)
        self._idle: dict[Session, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[PoolSlot]:
        """Wait for a slot; its connection is open when it is handed out."""
        async with self._free:
            slot = PoolSlot(self._open, self._renew_after, self._take_idle())
            try:
                await slot.ready()
                yield slot
            finally:
                if slot.session is not None:
                    self._put_back(slot.session)

    async def close(self) -> None:
        """Close idle connections now and those in use when they come back; wait until the relay has let go."""
        self._closed = True
        while self._idle:
            self._leave(next(iter(self._idle)))
        await asyncio.gather(*self._leaving)

    def _take_idle(self) -> Session | None:
        while self._idle:
            session, timer = self._idle.popitem()
            timer.cancel()
            if not session.lost:
                return session
        return None

    def _put_back(self, session: Session) -> None:
        if session.lost:
            return
        if self._closed or session.handled >= self._renew_after:
            self._leave(session)
            return
        timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._expire, session)
        self._idle[session] = timer

    def _expire(self, session: Session) -> None:
        del self._idle[session]
        self._leave(session)

    def _leave(self, session: Session) -> None:
        if session in self._idle:
            self._idle.pop(session).cancel()
        task = asyncio.get_running_loop().create_task(session.quit())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
