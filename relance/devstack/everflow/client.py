"""Read and program an Everflow network over HTTP."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

import httpx
from pydantic import TypeAdapter

from relance.devstack.everflow.application import Stats
from relance.devstack.everflow.faults import Fault
from relance.devstack.everflow.gate import Call, Limits
from relance.devstack.everflow.world import World
from relance.errors import DependencyUnavailable, InvalidInput

TIMEOUT_S = 30.0
_CALLS = TypeAdapter(list[Call])


class EverflowControl:
    """A client of one network's control side; an async context manager.

    Every method raises `DependencyUnavailable` when the network does not answer.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False)

    async def __aenter__(self) -> EverflowControl:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def answers(self) -> None:
        """Return as soon as the network answers; asks every 50 ms."""
        while True:
            try:
                await self.stats()
            except DependencyUnavailable:
                await asyncio.sleep(0.05)
            else:
                return

    async def stats(self) -> Stats:
        """Return the counts."""
        return Stats.model_validate_json((await self._ask("GET", "/")).content)

    async def world(self) -> World:
        """Return the facts."""
        return World.model_validate_json((await self._ask("GET", "/control/world")).content)

    async def put_world(self, world: World) -> None:
        """Replace the facts."""
        await self._ask("PUT", "/control/world", content=world.model_dump_json())

    async def add_fault(self, fault: Fault) -> int:
        """Put a fault into force; return its number."""
        return int((await self._ask("POST", "/control/faults", content=fault.model_dump_json())).json()["fault"])

    async def faults(self) -> list[dict[str, Any]]:
        """Return the faults in force; `applied` says how often each happened."""
        found: list[dict[str, Any]] = (await self._ask("GET", "/control/faults")).json()
        return found

    async def clear_faults(self) -> None:
        """Put every fault out of force."""
        await self._ask("DELETE", "/control/faults")

    async def calls(self) -> list[Call]:
        """Return the calls since they were last forgotten, at most 10,000, oldest first."""
        return _CALLS.validate_json((await self._ask("GET", "/control/calls")).content)

    async def set_limits(self, limits: Limits) -> None:
        """Change the limits."""
        await self._ask("PUT", "/control/limits", content=limits.model_dump_json())

    async def reset(self) -> None:
        """Forget the calls, put every fault out of force, and go back to the usual limits; the facts stay."""
        await self.clear_faults()
        await self._ask("DELETE", "/control/calls")

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise DependencyUnavailable("Everflow stub", f"{method} {path}: {type(error).__name__}") from error
        if answer.status_code == 422:
            raise InvalidInput(path.rpartition("/")[2], answer.json()["error"], "see relance.devstack.everflow")
        if answer.is_error:
            raise DependencyUnavailable("Everflow stub", f"{method} {path} gave {answer.status_code}")
        return answer
