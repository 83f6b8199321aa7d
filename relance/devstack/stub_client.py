"""What the HTTP clients of the embedded servers share: one connection pool, readiness, errors of our own."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx

from relance.errors import DependencyUnavailable, InvalidInput

TIMEOUT_S = 30.0


class StubClient:
    """A client of one embedded server; an async context manager.

    `name` is what errors call the server, `home` a path that answers as soon as it does, `remedy` the module that
    describes what it accepts. Every method raises `DependencyUnavailable` when the server does not answer.
    """

    name: ClassVar[str]
    home: ClassVar[str] = "/stats"
    remedy: ClassVar[str]

    def __init__(self, url: str) -> None:
        self.url = url
        # uvicorn closes a connection that was idle for 5 s, just when a client with httpx's 5 s would use it again.
        limits = httpx.Limits(keepalive_expiry=2.0)
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, limits=limits, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def answers(self) -> None:
        """Return as soon as the server answers; asks every 50 ms."""
        while True:
            try:
                await self._ask("GET", self.home)
            except DependencyUnavailable:
                await asyncio.sleep(0.05)
            else:
                return

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise DependencyUnavailable(self.name, f"{method} {path}: {type(error).__name__}") from error
        if answer.status_code == 422:
            raise InvalidInput(self._field(path), answer.json()["error"], f"see {self.remedy}")
        if answer.is_error:
            raise self._refused(method, path, answer.status_code)
        return answer

    def _field(self, path: str) -> str:
        """Return what a person calls the thing that was sent to a path."""
        return path.rpartition("/")[2].removesuffix("s")

    def _refused(self, method: str, path: str, status: int) -> Exception:
        return DependencyUnavailable(self.name, f"{method} {path} gave {status}")
