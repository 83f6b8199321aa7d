"""Runs what takes longer than a request, and keeps what came of it in the database."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeAlias

from relance.concurrency import in_background
from relance.errors import DependencyUnavailable, RelanceError
from relance.ports import Clock
from relance.ports.console import BackgroundWork, Works, WorkState

KEPT_FOR: Final = timedelta(days=1)
AT_ONCE: Final = 2
TOO_LONG: Final = timedelta(minutes=30)
BEAT_S: Final = 5.0
LEASE: Final = timedelta(seconds=30)
"""After which a process that has not been seen is taken for gone."""

Advance: TypeAlias = Callable[[int, int], Awaitable[None]]
Do: TypeAlias = Callable[[Advance], Awaitable[Mapping[str, Any]]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """Does background work in this process, two pieces at once; what is under way ends with the process, as `lost`."""

    works: Works
    clock: Clock
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def begin(self, kind: str, by: str, asked: Mapping[str, str], do: Do) -> bool:
        """Begin something; return False if the same is being done already, by whoever asked for it.

        `do` gets what it says by how far it is, and returns plain data.
        """
        now = self.clock.now()
        work = BackgroundWork(
            id=_id(kind, asked), kind=kind, by=by, at=now, asked=asked, run=secrets.token_hex(8), beat_at=now
        )
        if not await self.works.begin(work, lost_before=now - LEASE, expires_at=now + KEPT_FOR):
            return False
        task = asyncio.create_task(self._run(work, do), name=f"console {kind}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def newest(self, kind: str, limit: int) -> list[BackgroundWork]:
        """Return the newest of a kind, newest first, as they are now."""
        return [work.seen_at(self.clock.now(), LEASE) for work in await self.works.newest(kind, limit)]

    async def _run(self, work: BackgroundWork, do: Do) -> None:
        async def advance(done: int, total: int) -> None:
            await self.works.advance(work, done, total)

        try:
            async with in_background(self._beat(work)), self._turns, asyncio.timeout(TOO_LONG.total_seconds()):
                result = await do(advance)
        except RelanceError as error:
            await self.works.end(work, WorkState.FAILED, error=str(error))
        except Exception as error:
            logger.exception("background work of the console failed")
            await self.works.end(work, WorkState.FAILED, error=type(error).__name__)
        except asyncio.CancelledError:
            # Otherwise pages learn it once its lease is over.
            with suppress(DependencyUnavailable):
                await self.works.end(work, WorkState.LOST)
            raise
        else:
            await self.works.end(work, WorkState.DONE, result=result)

    async def _beat(self, work: BackgroundWork) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            with suppress(DependencyUnavailable):
                await self.works.beat(work, self.clock.now())

    async def close(self) -> None:
        """End what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _id(kind: str, asked: Mapping[str, str]) -> str:
    return hashlib.blake2b(repr((kind, sorted(asked.items()))).encode(), digest_size=8).hexdigest()
