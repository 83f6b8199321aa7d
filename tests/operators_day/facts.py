"""What MongoDB, the mailbox and Temporal hold, asked without any code of the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from temporalio.client import Client

from relance.adapters.mongo.connection import Database, connect
from relance.devstack.mailbox.client import Mailbox
from relance.settings import Mongo
from tests.support.keys import PRIVACY

KEPT = ("users", "contacts", "plans", "invitations", "suppressions", "alerts", "jobRuns", "chatMessages")
"""Nothing of these may go away because a command was run."""


@dataclass(frozen=True)
class Facts:
    """The servers behind a stack."""

    database: Database
    mailbox: Mailbox
    client: Client

    async def kept(self) -> dict[str, int]:
        """Count what must not go away."""
        raw = self.database.raw
        counts = {name: await raw[name].count_documents({}) for name in KEPT}
        return {**counts, "mails": len(await self.mailbox.log())}

    async def statuses(self, period: str) -> dict[str, int]:
        """Count the invitations of a period by status."""
        stages: list[dict[str, Any]] = [
            {"$match": {"period": period}},
            {"$group": {"_id": "$status", "n": {"$sum": 1}}},
        ]
        return {one["_id"]: one["n"] async for one in self.database.raw.invitations.aggregate(stages)}

    async def unreadable_contacts(self) -> int:
        """Count the contacts that nobody could read: they are seen by who reads them, and have no entry."""
        return await self.database.raw.quarantine.count_documents({"_id": {"$regex": "^contacts[.]"}})

    async def arrived(self, period: str) -> int:
        """Count the mails of a period that the mailbox took."""
        sent = await self.database.raw.invitations.distinct("messageId", {"period": period, "messageId": {"$ne": None}})
        return len({one.message_id for one in await self.mailbox.log()} & set(sent))

    async def control(self, period: str) -> str:
        """Return what a cycle was told last."""
        return (await self.database.controls.get(period)).state.value

    async def schedules(self) -> set[str]:
        """Return the ids of the Schedules on the server."""
        return {one.id async for one in await self.client.list_schedules()}

    async def alert_states(self) -> dict[str, str]:
        """Return the state of each alert by its key."""
        return {one["key"]: one["state"] async for one in self.database.raw.alerts.find({})}


@asynccontextmanager
async def facts(environment: Mapping[str, str], mailbox: str) -> AsyncIterator[Facts]:
    """Connect to the servers of a stack."""
    settings = Mongo(uri=SecretStr(environment["RELANCE_MONGO__URI"]), database=environment["RELANCE_MONGO__DATABASE"])
    database = connect(settings, PRIVACY)
    client = await Client.connect(environment["TEMPORAL_ADDRESS"], namespace=environment["TEMPORAL_NAMESPACE"])
    try:
        async with Mailbox(mailbox) as opened:
            yield Facts(database, opened, client)
    finally:
        await database.close()
