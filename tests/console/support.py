"""A browser without a screen: cookies, the headers browsers send, forms with their token; over ASGI."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import httpx
from starlette.routing import BaseRoute

from composition.console import OpenConsole, console_of
from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.domain.console.people import Role
from relance.domain.invitations.reminders import DEFAULT_TIMING
from relance.gateway.application import application
from relance.services.explaining import Explaining
from relance.settings import Settings
from relance.settings.console import ConsoleGroup
from relance.settings.gateway import Gateway
from relance.settings.mail import MailGroup
from tests.support.gateway_needs import needs_of
from tests.support.keys import PRIVACY

HOST = "relance.example"
NO_TEMPORAL = cast("Any", None)


@dataclass
class Visitor:
    """Somebody with a browser."""

    http: httpx.AsyncClient
    db: Database
    console: OpenConsole

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return await self.http.get(path, headers=headers)

    async def post(
        self, path: str, form: Mapping[str, str] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a form as a browser does from a page of the console, without a token."""
        usual = {"Sec-Fetch-Site": "same-origin", "Origin": str(self.http.base_url).rstrip("/")}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        sent = {**kind, **(usual if headers is None else headers)}
        return await self.http.post(path, content=urlencode(dict(form or {})), headers=sent)

    async def token(self, page: str) -> str:
        """Return the token that the forms of a page hold."""
        found = re.search(r'name="csrf" value="([^"]+)"', (await self.get(page)).text)
        assert found is not None, "no form"
        return found[1]

    async def enter(self, role: Role = Role.OPERATOR, name: str = "ann") -> httpx.Response:
        """Sign in by a link."""
        secret = await self.db.sign_ins.offer(name, role, datetime.now(UTC) + timedelta(minutes=5))
        return await self.post(f"/console/sign-in/token/{secret}")

    async def callback(self, wanted: str = "") -> str:
        """Go to the provider, and return where it sends the browser back to."""
        begun = await self.http.get("/console/sign-in", params={"to": wanted})
        assert begun.status_code == 303, begun.text
        async with httpx.AsyncClient() as outside:
            answer = await outside.get(begun.headers["location"])
        back = urlsplit(answer.headers["location"])
        return f"{back.path}?{back.query}"

    async def sign_in_at_provider(self, wanted: str = "") -> httpx.Response:
        """Sign in at the provider."""
        return await self.get(await self.callback(wanted))

    def forget(self) -> None:
        """Use a fresh browser."""
        self.http.cookies.clear()


def settings_of(console: ConsoleGroup, gateway: Gateway | None = None, mail: MailGroup | None = None) -> Settings:
    """Return settings with this console."""
    return Settings.model_construct(
        **{name: field.get_default() for name, field in Settings.model_fields.items()}
        | {"console": console, "gateway": gateway or Gateway(), "mail": mail or MailGroup(), "privacy": PRIVACY}
    )


def explaining_of(db: Database) -> Explaining:
    """Return the service behind `why`."""
    return Explaining(db, SystemClock(), DEFAULT_TIMING)


@asynccontextmanager
async def visitor_of(
    db: Database,
    group: ConsoleGroup,
    *,
    client: Any = NO_TEMPORAL,
    gateway: Gateway | None = None,
    mail: MailGroup | None = None,
    peer: str = "127.0.0.1",
    scheme: str = "http",
) -> AsyncIterator[Visitor]:
    """Yield a visitor of a console with these settings, who connects from an address."""
    console = console_of(settings_of(group, gateway, mail), db, client, explaining_of(db))
    assert console is not None
    routes: list[BaseRoute] = list(console.routes)
    app = application(needs_of(), [lambda _: routes])
    transport = httpx.ASGITransport(app, client=(peer, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://{HOST}") as http:
        yield Visitor(http, db, console)
    await console.close()
