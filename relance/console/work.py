"""Runs what takes longer than a request, and keeps what came of it in the database."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeAlias

from relance.errors import RelanceError
from relance.ports import Clock
from relance.ports.console import BackgroundWork, Works

KEPT_FOR: Final = timedelta(days=1)
AT_ONCE: Final = 2
TOO_LONG: Final = timedelta(minutes=30)

Advance: TypeAlias = Callable[[int, int], Awaitable[None]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """Does background work in this process, two pieces at once; what is under way ends with the process."""

    works: Works
    clock: Clock
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def begin(
        self, kind: str, by: str, asked: Mapping[str, str], do: Callable[[Advance], Awaitable[Mapping[str, Any]]]
    ) -> str:
        """Begin something; `do` gets what it says by how far it is, and returns plain data. Return its id."""
        now = self.clock.now()
        work = BackgroundWork(id=secrets.token_hex(8), kind=kind, by=by, at=now, asked=asked)
        await self.works.begin(work, now + KEPT_FOR)
        task = asyncio.create_task(self._run(work.id, do), name=f"console {kind}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return work.id

    async def _run(self, work_id: str, do: Callable[[Advance], Awaitable[Mapping[str, Any]]]) -> None:
        async def advance(done: int, total: int) -> None:
            await self.works.advance(work_id, done, total)

        try:
            async with self._turns, asyncio.timeout(TOO_LONG.total_seconds()):
                result = await do(advance)
        except RelanceError as error:
            await self.works.end(work_id, error=str(error))
        except Exception as error:
            logger.exception("background work of the console failed")
            await self.works.end(work_id, error=type(error).__name__)
        else:
            await self.works.end(work_id, result=result)

    async def close(self) -> None:
        """End what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
