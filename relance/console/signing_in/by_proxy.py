"""Signing in by a proxy in front that has done it already and says in headers who it is.

The headers are believed only if the connection itself comes from a trusted proxy; everybody can send headers.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from relance.console.signing_in.model import NotLetIn, Starter
from relance.domain.console.people import SignedInPerson, role_of
from relance.gateway.server import peer_of
from relance.ports.console import ConsoleSession
from relance.settings.console import ConsoleGroup, SignInWay
from relance.settings.gateway import Gateway
from relance.settings.recipients import listed

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class ByProxy:
    """`SignIn` by the headers of a proxy."""

    starter: Starter
    settings: ConsoleGroup
    gateway: Gateway

    def routes(self) -> list[BaseRoute]:
        """Return no routes: the proxy has them."""
        return []

    async def begin(self, request: Request, wanted: str) -> Response:
        """Begin a session for whom the proxy names."""
        return await self.starter.let_in(request, self.person(request), wanted)

    def still_holds(self, request: Request, session: ConsoleSession) -> bool:
        """Return whether the proxy names the same person with the same role: somebody else may sit there now."""
        try:
            return self.person(request) == session.person
        except NotLetIn:
            return False

    def person(self, request: Request) -> SignedInPerson:
        """Return whom the proxy names.

        Raises:
            NotLetIn: the request comes from no trusted proxy, names nobody or gives no role.
        """
        try:
            peer = ip_address(peer_of(request.scope))
        except ValueError:
            raise NotLetIn("sign_in.no_proxy") from None
        if not any(peer in network for network in self.gateway.proxies):
            raise NotLetIn("sign_in.no_proxy")
        names = request.headers.getlist(self.settings.user_header)
        # Two of them: the proxy has added its own to one from outside.
        if len(names) != 1 or not names[0].strip() or not names[0].isprintable():
            raise NotLetIn("sign_in.nobody")
        values = [value for line in request.headers.getlist(self.settings.roles_header) for value in listed(line)]
        role = role_of(values, viewers=listed(self.settings.viewers), operators=listed(self.settings.operators))
        if role is None:
            raise NotLetIn("sign_in.no_role")
        return SignedInPerson(name=names[0].strip()[:LONGEST_NAME], role=role, way=SignInWay.PROXY)
