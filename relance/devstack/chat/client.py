"""Read and program a chat over HTTP."""

from __future__ import annotations

from pydantic import TypeAdapter

from relance.devstack.chat.models import ChatFault, ChatStats, PostedMessage
from relance.devstack.stub_client import StubClient

_POSTED = TypeAdapter(list[PostedMessage])


class Chat(StubClient):
    """A client of one chat; an async context manager.

    Every method raises `DependencyUnavailable` when the chat does not answer.
    """

    name = "chat"
    remedy = "relance.devstack.chat.models"

    async def messages(self, *, after: int = 0, limit: int = 1000) -> list[PostedMessage]:
        """Return the messages with a number above `after`, oldest first, at most `limit` (up to 1,000)."""
        answer = await self._ask("GET", "/messages", params={"after": after, "limit": limit})
        return _POSTED.validate_json(answer.content)

    async def stats(self) -> ChatStats:
        """Return the counts."""
        return ChatStats.model_validate_json((await self._ask("GET", "/stats")).content)

    async def add_fault(self, fault: ChatFault) -> None:
        """Put a fault into force.

        Raises:
            InvalidInput: the chat does not accept it.
        """
        await self._ask("POST", "/faults", content=fault.model_dump_json())

    async def clear(self) -> None:
        """Forget every message and put every fault out of force."""
        await self._ask("DELETE", "/messages")
