"""The messages of the application that came in, so that each counts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Received:
    """A message: a hash of its id, a hash of what it says, the answer it got, and whether all it asks for is done."""

    id: str
    digest: str
    answer: str
    at: datetime
    done: bool = False


class Inbox(Protocol):
    """Messages by id, each written before what it asks for is done; forgotten after 30 days."""

    async def known(self, ids: Sequence[str]) -> dict[str, Received]:
        """Return the messages among these that have come in before, by id."""

    async def put(self, messages: Sequence[Received], *, is_followed: bool = False) -> set[str]:
        """Write messages in one round trip; return the ids of those another process has written meanwhile.

        They last when this returns, or with the next durable write if it `is_followed` by one before anybody hears of
        them.
        """

    async def done(self, ids: Sequence[str]) -> None:
        """Note that all these messages ask for is done: said again, they change nothing."""
