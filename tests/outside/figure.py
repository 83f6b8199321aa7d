"""A figure: what the world outside may do, case by case, and how many cases came out wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Stack
from tests.support.installation import Installation, installed

CONNECTIONS = 4
COMMANDS_AT_ONCE = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Case:
    """One thing the world does; `wrong` says what came of it that is wrong, nothing where all is right."""

    name: str
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """The servers of a run, and a folder for files."""

    stack: Stack
    mailbox: Mailbox
    folder: Path

    @asynccontextmanager
    async def installation(self, environment: Mapping[str, str] | None = None) -> AsyncIterator[Installation]:
        """Open an installation of one's own, without people and workers; the mailbox is empty and obeys."""
        await self.mailbox.clear()
        variables = {"RELANCE_MAIL__CONNECTIONS": str(CONNECTIONS), **(environment or {})}
        async with installed(self.stack, f"outside_{uuid4().hex[:8]}", variables) as own:
            await own.load([], [])
            yield own
        await self.mailbox.clear()


@dataclass(frozen=True, slots=True)
class Figure:
    """The number of wrong cases; `letter` is the chapter, `cheap` that it needs neither workers nor many processes."""

    name: str
    letter: str
    words: str
    cases: Callable[[Stage], Awaitable[list[Case]]]
    cheap: bool = False


def first_wrong(checks: Iterable[tuple[bool, str]]) -> str:
    """Return what the first check that fails says."""
    return next((words for fine, words in checks if not fine), "")


async def at_once(calls: Iterable[Callable[[], Awaitable[T]]], number: int = COMMANDS_AT_ONCE) -> list[T]:
    """Make calls, this many at a time; return their results in order."""
    free = asyncio.Semaphore(number)

    async def one(call: Callable[[], Awaitable[T]]) -> T:
        async with free:
            return await call()

    return list(await asyncio.gather(*(one(call) for call in calls)))
