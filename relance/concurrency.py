"""Work for many items a few at a time, without holding the event loop; work in the background of a block."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Generic, TypeVar

AT_ONCE = 16
STEP = 100
"""Items between two turns of the others: at 100 us for one, 10 ms."""

T = TypeVar("T")
R = TypeVar("R")
Q = TypeVar("Q")
A = TypeVar("A")


async def at_once(items: Iterable[T], work: Callable[[T], Awaitable[R]], limit: int = AT_ONCE) -> list[R]:
    """Return the results in order, with at most `limit` under way; the first error is raised."""
    slots = asyncio.Semaphore(limit)

    async def one(item: T) -> R:
        async with slots:
            return await work(item)

    return list(await asyncio.gather(*(one(item) for item in items)))


async def stepwise(items: Iterable[T], step: int = STEP) -> AsyncIterator[T]:
    """Yield the items, and let others have their turn after every `step` of them."""
    for number, item in enumerate(items, 1):
        yield item
        if number % step == 0:
            await asyncio.sleep(0)


@asynccontextmanager
async def in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a coroutine while the block runs; it is cancelled, and has ended, when the block is left."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Together(Generic[Q, A]):
    """Answers what is asked at the same time by one call: while it is under way, the next questions gather.

    Nobody waits for a timer, and each answer is sought after its question was asked. An error of a call is that of all
    who share it.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], most: int) -> None:
        self._answer = answer
        self._most = most
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._under_way: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """Return the answer."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        self._start()
        return await answer

    def _start(self) -> None:
        if self._under_way is None and self._waiting:
            # The task takes its questions when it first runs, so that all of one turn of the loop share it.
            self._under_way = asyncio.create_task(self._run())

    async def _run(self) -> None:
        asked: list[tuple[Q, asyncio.Future[A]]] = []
        while self._waiting and len(asked) < self._most:
            if not (one := self._waiting.popleft())[1].done():
                asked.append(one)
        try:
            answers = await self._answer([question for question, _ in asked]) if asked else ()
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is theirs who asked
            for _, future in asked:
                if not future.done():
                    future.set_exception(problem)
        else:
            for (_, future), answer in zip(asked, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        finally:
            self._under_way = None
            self._start()
