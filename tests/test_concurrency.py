from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from relance.concurrency import Together


class Library:
    """Answers with the number of the call; holds the first call until it is let go."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[list[str]] = []
        self.let_go = asyncio.Event()
        self.error = error

    async def answer(self, questions: Sequence[str]) -> list[str]:
        self.calls.append(list(questions))
        number = len(self.calls)
        await self.let_go.wait()
        if self.error is not None and number == 1:
            raise self.error
        return [f"{question}{number}" for question in questions]


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_asked_while_a_call_is_under_way_shares_the_next_calls() -> None:
    library = Library()
    together = Together(library.answer, 3)
    asked = [asyncio.create_task(together.ask(question)) for question in "ab"]
    await settled()
    asked += [asyncio.create_task(together.ask(question)) for question in "cdef"]
    await settled()
    library.let_go.set()
    assert await asyncio.gather(*asked) == ["a1", "b1", "c2", "d2", "e2", "f3"]
    assert library.calls == [["a", "b"], ["c", "d", "e"], ["f"]]


async def test_an_error_is_that_of_all_who_share_the_call_and_of_nobody_else() -> None:
    library = Library(ValueError("gone"))
    together = Together(library.answer, 2)
    asked = [asyncio.create_task(together.ask(question)) for question in "abc"]
    await settled()
    library.let_go.set()
    first, second, third = await asyncio.gather(*asked, return_exceptions=True)
    assert first is second is library.error
    assert third == "c2"


async def test_who_goes_away_holds_up_nobody_and_is_asked_about_no_more() -> None:
    library = Library()
    together = Together(library.answer, 2)
    gone, other = (asyncio.create_task(together.ask(question)) for question in "ab")
    await settled()
    late, waits = (asyncio.create_task(together.ask(question)) for question in "cd")
    await settled()
    gone.cancel()
    late.cancel()
    library.let_go.set()
    assert [await other, await waits] == ["b1", "d2"]
    assert library.calls == [["a", "b"], ["d"]]
    with pytest.raises(asyncio.CancelledError):
        await gone
