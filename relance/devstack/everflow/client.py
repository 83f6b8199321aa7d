"""Read and program an Everflow network over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from relance.devstack.everflow.application import EverflowStats
from relance.devstack.everflow.dataset import World
from relance.devstack.everflow.faults import Fault
from relance.devstack.everflow.gate import Call, CallLimits
from relance.devstack.stub_client import StubClient

_CALLS = TypeAdapter(list[Call])


class EverflowControl(StubClient):
    """A client of one network's control side; an async context manager.

    Every method raises `DependencyUnavailable` when the network does not answer.
    """

    name = "Everflow stub"
    home = "/"
    remedy = "relance.devstack.everflow"

    async def stats(self) -> EverflowStats:
        """Return the counts."""
        return EverflowStats.model_validate_json((await self._ask("GET", "/")).content)

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

    async def set_limits(self, limits: CallLimits) -> None:
        """Change the limits."""
        await self._ask("PUT", "/control/limits", content=limits.model_dump_json())

    async def reset(self) -> None:
        """Forget the calls, put every fault out of force, and go back to the usual limits; the facts stay."""
        await self.clear_faults()
        await self._ask("DELETE", "/control/calls")

    def _field(self, path: str) -> str:
        return path.rpartition("/")[2]
