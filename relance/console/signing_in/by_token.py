"""Signing in by a link that `starter.py console token` prints: once, for ten minutes, from this machine alone.

A GET shows a button: whatever fetches links ahead does not use one up.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from relance.console.addresses import TOKEN
from relance.console.security import form_of
from relance.console.signing_in.model import NotLetIn, SignInPage, Starter
from relance.domain.console.people import Role, SignedInPerson
from relance.ports.console import ConsoleSession, SignIns
from relance.settings.console import SignInWay

PATH: Final = f"{TOKEN}/{{secret}}"


@dataclass(frozen=True, slots=True)
class ByToken:
    """`SignIn` by links."""

    starter: Starter
    sign_ins: SignIns
    from_anywhere: bool

    def routes(self) -> list[BaseRoute]:
        """Return the route of the links."""
        return [Route(PATH, self._answer, methods=["GET", "POST"])]

    async def begin(self, request: Request, wanted: str) -> SignInPage:
        """Say how to get a link."""
        return SignInPage("sign_in/token.html", {"offered": None}, 401)

    def still_holds(self, request: Request, session: ConsoleSession) -> bool:
        """Return whether it was begun by a link: its cookie is all there is."""
        return session.person.way == SignInWay.TOKEN

    async def _answer(self, request: Request) -> Response | SignInPage:
        if not self.from_anywhere and not _is_here(request):
            raise NotLetIn("sign_in.not_here")
        secret, now = request.path_params["secret"], self.starter.clock.now()
        if request.method == "POST":
            await form_of(request, None)
            taken = await self.sign_ins.take(secret, now)
            if taken is None:
                raise NotLetIn("sign_in.link_used")
            person = SignedInPerson(name=taken["name"], role=Role(taken["role"]), way=SignInWay.TOKEN)
            return await self.starter.let_in(request, person, "")
        offered = await self.sign_ins.look_up(secret, now)
        if offered is None or "role" not in offered:
            raise NotLetIn("sign_in.link_used")
        return SignInPage("sign_in/token.html", {"offered": offered})


def _is_here(request: Request) -> bool:
    try:
        return ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False
