"""A gateway process of its own beside a worker, its application, and the people whose mails have gone out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from relance.adapters.event_api import EventApi
from relance.adapters.tokens import LinkTokens
from relance.domain.invitations.invitation import Invitation
from relance.settings.gateway import Gateway
from relance.settings.keyring import Keyring
from relance.settings.privacy import LINK_KEY
from tests.faults.servers import Servers
from tests.support.installation import Installation
from tests.support.worker_process import WorkerProcess

FREELY = {
    # Everybody comes from one address here.
    "RELANCE_GATEWAY__CLIENT_RATE": "10000",
    "RELANCE_GATEWAY__API_RATE": "100000",
    "RELANCE_GATEWAY__CONNECTIONS_PER_CLIENT": "400",
    "RELANCE_GATEWAY__CONNECTIONS": "400",
}
PREFIX = "RELANCE_GATEWAY__"


@dataclass
class Site:
    """Where the scenario takes place."""

    servers: Servers
    installation: Installation
    settings: Gateway
    tokens: LinkTokens
    gateway: WorkerProcess
    findings: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the gateway listens."""
        return f"http://127.0.0.1:{self.settings.port}"

    def api(self) -> EventApi:
        """Return the application's client."""
        return EventApi.of(self.settings)

    def browser(self, connections: int = 16) -> httpx.AsyncClient:
        """Return somebody who follows links."""
        limits = httpx.Limits(max_connections=connections)
        return httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=60, limits=limits)

    async def restart(self) -> None:
        """Kill the gateway as a crash would, and start another one."""
        self.gateway.kill()
        await self.gateway.end()
        self.gateway = await self.installation.start_worker(role="gateway")

    async def invitations(self, ids: list[str]) -> dict[str, Invitation]:
        """Return the invitations with these ids."""
        found = await self.installation.database.ledger.by_ids(ids)
        return {id_: entry for id_, entry in found.items() if entry is not None}

    async def entries(self, period: str) -> list[dict[str, Any]]:
        """Return the stored invitations of a period."""
        return await self.installation.database.raw.invitations.find({"period": period}).sort("_id", 1).to_list(None)


@asynccontextmanager
async def site_of(servers: Servers, installation: Installation) -> AsyncIterator[Site]:
    """Start a gateway; the worker must have been started without a port of it."""
    found = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in installation.environment.items()
        if name.startswith(PREFIX)
    }
    yield Site(
        servers=servers,
        installation=installation,
        settings=Gateway.model_validate(found),
        tokens=LinkTokens(Keyring(LINK_KEY, (installation.environment[LINK_KEY],))),
        gateway=await installation.start_worker(role="gateway"),
    )


async def all_of(work: list[Any], at_once: int) -> list[Any]:
    """Await coroutines, a few at a time; return their results in order."""
    gate = asyncio.Semaphore(at_once)

    async def one(each: Any) -> Any:
        async with gate:
            return await each

    return list(await asyncio.gather(*(one(each) for each in work)))
