"""The event API over its real server and a real database, and the application that speaks to it."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import SecretStr

from relance.adapters.event_api import EventApi
from relance.adapters.mongo.connection import Database
from relance.contracts.follow_up import InvitationEvent
from relance.devstack.processes import free_port
from relance.domain.invitations.invitation import Invitation, InvitationStatus
from relance.domain.invitations.people import Contact
from relance.gateway.application import application
from relance.gateway.needs import Needs
from relance.gateway.server import serving
from relance.ids import invitation_id
from relance.settings.gateway import Gateway
from tests.support.gateway_needs import needs_of
from tests.support.keys import a_key
from tests.support.mongo_people import AT, DUE, PERIOD
from tests.support.patience import PATIENCE_S


def a_secret() -> str:
    """Return a new signing secret."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


SECRET, OLD_SECRET, KEY, OLD_KEY = a_secret(), a_secret(), a_key(), a_key()
SETTINGS = Gateway(signing_secrets=SecretStr(f"{SECRET},{OLD_SECRET}"), api_keys=SecretStr(f"{KEY},{OLD_KEY}"))


@dataclass
class Place:
    """A running API: its needs, its client, plain HTTP to it, and what it wants follow-ups to be notified of."""

    needs: Needs
    api: EventApi
    http: httpx.AsyncClient
    db: Database
    notified: list[InvitationEvent] = field(default_factory=list)

    async def closed(self) -> None:
        """Wait until every message is known to be done, which is noted behind its answer."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.db.raw.inbox.find_one({"done": {"$ne": True}}):
                await asyncio.sleep(0.01)

    async def entry(self, contact: str, *, period: str = PERIOD) -> Invitation:
        """Return a stored invitation."""
        found = await self.db.ledger.get(invitation_id(period, "u1", contact))
        assert found is not None
        return found

    async def contact(self, contact: str) -> Contact:
        """Return a stored contact."""
        return (await self.db.contacts.by_ids([contact]))[contact]


@asynccontextmanager
async def serving_api(db: Database, change: Callable[[Needs], Needs] = lambda one: one) -> AsyncIterator[Place]:
    """Serve the API on a port of its own."""
    settings = SETTINGS.model_copy(update={"port": free_port()})
    notified: list[InvitationEvent] = []
    needs = change(needs_of(db, settings=settings, notify=notified.extend))
    async with (
        serving(settings, application(needs)),
        EventApi.of(settings) as api,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", trust_env=False, timeout=30) as http,
    ):
        yield Place(needs, api, http, db, notified)


async def invited(
    db: Database, contacts: Sequence[str], status: InvitationStatus = InvitationStatus.SENT, period: str = PERIOD
) -> list[str]:
    """Store contacts of the user u1 and what they were sent; return the ids of the invitations."""
    await db.raw.users.update_one(
        {"_id": "u1"}, {"$set": {"email": "u1@users.example", "name": "Ursule", "status": "active"}}, upsert=True
    )
    people: list[dict[str, Any]] = [
        {"_id": one, "userId": "u1", "email": f"{one}@people.example", "status": "active"} for one in contacts
    ]
    for one in people:
        await db.raw.contacts.update_one({"_id": one["_id"]}, {"$setOnInsert": one}, upsert=True)
    sent = status in {InvitationStatus.SENT, InvitationStatus.OPENED}
    await db.ledger.queue(
        [
            Invitation(
                id=invitation_id(period, "u1", one),
                period=period,
                user_id="u1",
                contact_id=one,
                status=status,
                sent_at=AT if sent else None,
                due_at=DUE if sent else None,
                mailboxes=db.suppressions.mailboxes(f"{one}@people.example") if sent else (),
                queued_at=AT,
            )
            for one in contacts
        ]
    )
    return [invitation_id(period, "u1", one) for one in contacts]
