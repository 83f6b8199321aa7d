"""Read and program a chat over HTTP."""

from __future__ import annotations

from pydantic import TypeAdapter

from relance.devstack.chat.models import Fault, Posted, Stats
from relance.devstack.stub_client import StubClient

_POSTED = TypeAdapter(list[Posted])


class Chat(StubClient):
    """A client of one chat; an async context manager.

    Every method raises `DependencyUnavailable` when the chat does not answer.
    """

    name = "chat"
    remedy = "relance.devstack.chat.models"

    async def messages(self, *, after: int = 0, limit: int = 1000) -> list[Posted]:
        """Return the messages with a number above `after`, oldest first, at most `limit` (up to 1,000)."""
        answer = await self._ask("GET", "/messages", params={"after": after, "limit": limit})
        return _POSTED.validate_json(answer.content)

    async def stats(self) -> Stats:
        """Return the counts."""
        return Stats.model_validate_json((await self._ask("GET", "/stats")).content)

    async def add_fault(self, fault: Fault) -> None:
        """Put a fault into force.

        Raises:
            InvalidInput: the chat does not accept it.
        """
        await self._ask("POST", "/faults", content=fault.model_dump_json())

    async def clear(self) -> None:
        """Forget every message and put every fault out of force."""
        await self._ask("DELETE", "/messages")
