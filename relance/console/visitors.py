"""Who a request comes from, and how they read: session, language, zone."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from relance.console.rendering import Audience
from relance.console.signing_in import cookies
from relance.console.signing_in.model import SignIn
from relance.domain.console.people import Role
from relance.domain.zones import is_zone
from relance.errors import DependencyUnavailable
from relance.gateway.links import asked_language
from relance.ports import Clock
from relance.ports.console import ConsoleSession, Sessions
from relance.wording.console.words import LANGUAGES


@dataclass(frozen=True, slots=True)
class Visitors:
    """Reads who a request comes from; `language` and `zone` are those of browsers that say nothing."""

    sessions: Sessions
    sign_in: SignIn
    clock: Clock
    language: str
    zone: str

    async def session_of(self, request: Request) -> ConsoleSession | None:
        """Return the session of a request; None if nobody is signed in."""
        secret = cookies.read(request, cookies.SESSION)
        session = await self.sessions.find(secret, self.clock.now()) if secret else None
        if session is not None and not self.sign_in.still_holds(request, session):
            await self.sessions.end(secret)
            return None
        return session

    async def still_in(self, request: Request, session: ConsoleSession) -> bool:
        """Return whether a request's session still is this one; while nobody can tell, it is."""
        try:
            return await self.session_of(request) == session
        except DependencyUnavailable:
            return True

    def audience(self, request: Request, session: ConsoleSession | None) -> Audience:
        """Return whom a page is rendered for."""
        role = session.person.role if session is not None else Role.VIEWER
        return Audience(self._language(request), self._zone(request), role)

    def _language(self, request: Request) -> str:
        chosen = cookies.read(request, cookies.LANGUAGE)
        return chosen if chosen in LANGUAGES else asked_language(request) or self.language

    def _zone(self, request: Request) -> str:
        # A script writes it, so it has no prefix; it changes nothing but how times are shown.
        zone = request.cookies.get(cookies.ZONE, "").replace("%2F", "/")
        return zone if zone and is_zone(zone) else self.zone


@dataclass(frozen=True, slots=True)
class SignedInViewer:
    """Lets Temporal Web read encrypted payloads in a browser that is signed in, viewers too: they hold ids alone."""

    visitors: Visitors

    async def may_read(self, request: Request) -> bool:
        """Return whether somebody is signed in."""
        return await self.visitors.session_of(request) is not None
