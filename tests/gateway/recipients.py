"""A user with one contact who has got an invitation, and the application over a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens, Purpose
from relance.devstack.processes import free_port
from relance.gateway.application import application
from relance.gateway.server import serving
from relance.ids import invitation_id
from relance.ports import Clock
from relance.settings.gateway import Gateway
from tests.support.gateway_needs import needs_of
from tests.support.keys import PRIVACY

PERIOD = "2026-11"
AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
ALICE = "alice@people.example"
TOKENS = LinkTokens(PRIVACY.link_keys)
INVITATION = invitation_id(PERIOD, "u1", "c1")
TOKEN = TOKENS.sign(Purpose.UNSUBSCRIBE, INVITATION)
LINK = f"/u/{TOKEN}"
BY_OTHER = TOKENS.sign(Purpose.UNSUBSCRIBE, invitation_id(PERIOD, "u2", "c2"))


async def invite(db: Database, number: int = 1, *, email: str = ALICE, **contact: Any) -> str:
    """Store user, contact and a sent invitation of this number; return the invitation's id."""
    user, person = f"u{number}", f"c{number}"
    name = "Camille Durand" if number == 1 else f"User {number}"
    await db.raw.users.insert_one({"_id": user, "email": f"{user}@x.example", "name": name, "locale": "fr"})
    fields = {"_id": person, "userId": user, "email": email, "name": "Alice", "status": "active", "locale": "fr"}
    await db.raw.contacts.insert_one({**fields, **contact})
    one = invitation_id(PERIOD, user, person)
    await db.raw.invitations.insert_one(
        {
            "_id": one,
            "period": PERIOD,
            "userId": user,
            "contactId": person,
            "status": "sent",
            "queuedAt": AT,
            "sentAt": AT,
            "mailboxes": list(db.suppressions.mailboxes(email)[:1]),
        }
    )
    return one


async def contact(db: Database, number: int = 1) -> dict[str, Any]:
    return await db.raw.contacts.find_one({"_id": f"c{number}"}) or {}


async def entry(db: Database, number: int = 1) -> dict[str, Any]:
    return await db.raw.invitations.find_one({"_id": invitation_id(PERIOD, f"u{number}", f"c{number}")}) or {}


@asynccontextmanager
async def browsing(
    db: Database | None, *, clock: Clock | None = None, settings: Gateway | None = None, **more: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the application, and ask it like a browser that has no cookies and follows nothing by itself."""
    gateway = (settings or Gateway(client_rate=1_000)).model_copy(update={"port": free_port()})
    async with (
        serving(gateway, application(needs_of(db, settings=gateway, clock=clock, **more))),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", trust_env=False, timeout=30) as client,
    ):
        yield client
