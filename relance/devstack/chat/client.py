"""Read and program a chat over HTTP."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

import httpx
from pydantic import TypeAdapter

from relance.devstack.chat.models import Fault, Posted, Stats
from relance.errors import DependencyUnavailable, InvalidInput

TIMEOUT_S = 30.0
_POSTED = TypeAdapter(list[Posted])


class Chat:
    """A client of one chat; an async context manager.

    Every method raises `DependencyUnavailable` when the chat does not answer.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False)

    async def __aenter__(self) -> Chat:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def answers(self) -> None:
        """Return as soon as the chat answers; asks every 50 ms."""
        while True:
            try:
                await self.stats()
            except DependencyUnavailable:
                await asyncio.sleep(0.05)
            else:
                return

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

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise DependencyUnavailable("chat", f"{method} {path}: {type(error).__name__}") from error
        if answer.status_code == 422:
            raise InvalidInput("fault", answer.json()["error"], "see relance.devstack.chat.models")
        if answer.is_error:
            raise DependencyUnavailable("chat", f"{method} {path} gave {answer.status_code}")
        return answer
