"""Questions of pages to servers: each is asked once at a time, however many look, and a page waits for none for long.

A server that stands still takes a connection and says nothing, until a call's own time is over. What a page knows from
the database must not wait for that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from relance.console.live.reaching import reaching_temporal
from relance.errors import DependencyUnavailable
from relance.temporal.errors import NAME

PATIENCE_S: Final = 1.0
REST_S: Final = 0.5
"""An answer that is younger serves all who ask: regions of one page ask the same."""
FRESH_S: Final = 5.0
"""An answer that is no older is shown where the next takes longer than pages wait: servers are slow while they work."""
MOST: Final = 256

T = TypeVar("T")


async def or_away(asking: Awaitable[T]) -> tuple[T | None, str | None]:
    """Return an answer, or None and the server that does not give it, as regions have it under `away`."""
    try:
        return await asking, None
    except DependencyUnavailable as error:
        return None, error.dependency


@dataclass
class _OpenQuestion:
    asked_at: float = 0.0
    asking: asyncio.Task[Any] | None = None
    answer: Any = None
    answered_at: float = field(default=float("-inf"))


@dataclass
class ServerAnswers:
    """The newest answers by question; a question that is under way is not asked again."""

    _questions: dict[Hashable, _OpenQuestion] = field(default_factory=dict)

    async def of(
        self, key: Hashable, ask: Callable[[], Awaitable[T]], *, server: str = NAME, rest: float = REST_S
    ) -> T:
        """Return the answer to a question; `key` names it, `ask` ends by itself within some seconds.

        An answer that is younger than `rest` is not asked for again.

        Raises:
            DependencyUnavailable: the server does not answer, or takes longer than a page waits.
        """
        question = self._question(key)
        if time.monotonic() - question.answered_at < rest:
            return question.answer  # type: ignore[no-any-return]
        if question.asking is None or question.asking.done():
            question.asked_at = time.monotonic()
            question.asking = asyncio.create_task(_asked(question, ask))
            # Nobody may be left who wants to know what became of it.
            question.asking.add_done_callback(lambda task: task.cancelled() or task.exception())
        asking = question.asking
        # Whoever asks later has less to wait: what has not been answered so far will not be soon.
        await asyncio.wait({asking}, timeout=max(0.0, question.asked_at + PATIENCE_S - time.monotonic()))
        if asking.done():
            return asking.result()  # type: ignore[no-any-return]
        if time.monotonic() - question.answered_at < max(FRESH_S, rest):
            return question.answer  # type: ignore[no-any-return]
        raise DependencyUnavailable(server, f"no answer within {PATIENCE_S:g} s")

    async def close(self) -> None:
        """End what is under way."""
        tasks = [question.asking for question in self._questions.values() if question.asking is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _question(self, key: Hashable) -> _OpenQuestion:
        if key not in self._questions and len(self._questions) >= MOST:
            idle = (name for name, known in self._questions.items() if known.asking is None or known.asking.done())
            if (oldest := next(idle, None)) is not None:
                del self._questions[oldest]
        return self._questions.setdefault(key, _OpenQuestion())


async def _asked(question: _OpenQuestion, ask: Callable[[], Awaitable[T]]) -> T:
    with reaching_temporal():
        answer = await ask()
    question.answer, question.answered_at = answer, time.monotonic()
    return answer
