"""Signing in by OpenID Connect: authorization code with PKCE, state, nonce (OpenID Connect Core 3.1, RFC 9700).

What a sign-in began with is kept in the database under its state and can be taken once; a cookie binds it to the
browser that began, so that nobody is signed in under somebody else's name by a link.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from relance.adapters.openid import Attempt, OpenIdProvider, OpenIdRefused
from relance.console.addresses import SIGN_IN
from relance.console.signing_in import cookies
from relance.console.signing_in.model import NotLetIn, Starter
from relance.domain.console.identity import grounds_of, person_of, role_on
from relance.domain.console.people import Grounds, Role
from relance.ports.console import ConsoleSession, SignIns
from relance.settings.console import ConsoleGroup, SignInWay
from relance.settings.recipients import listed

CALLBACK: Final = f"{SIGN_IN}/callback"
BEGUN_FOR: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ByOpenId:
    """`SignIn` at a provider; `base` is how the gateway is called from outside, None for as the browser calls it."""

    starter: Starter
    sign_ins: SignIns
    provider: OpenIdProvider
    settings: ConsoleGroup
    base: str | None

    def routes(self) -> list[BaseRoute]:
        """Return the route the provider sends the browser back to."""
        return [Route(CALLBACK, self._come_back)]

    async def begin(self, request: Request, wanted: str) -> Response:
        """Send the browser to the provider."""
        attempt, browser = Attempt.new(self._callback(request)), secrets.token_urlsafe(24)
        detail = {"nonce": attempt.nonce, "verifier": attempt.verifier, "browser": browser, "wanted": wanted}
        await self.sign_ins.keep(attempt.state, detail, self.starter.clock.now() + BEGUN_FOR)
        response = RedirectResponse(await self.provider.authorization_url(attempt), 303)
        cookies.put(request, response, cookies.BEGUN, browser, BEGUN_FOR)
        return response

    def still_holds(self, request: Request, session: ConsoleSession) -> bool:
        """Return whether what the provider said would give the same role under the settings of now."""
        return session.person.way == SignInWay.OIDC and self._role(session.grounds) == session.person.role

    async def _come_back(self, request: Request) -> Response:
        state = request.query_params.get("state", "")
        begun = await self.sign_ins.take(state, self.starter.clock.now())
        if begun is None or "verifier" not in begun or not _same_browser(request, begun):
            raise NotLetIn("sign_in.begin_again")
        if "code" not in request.query_params:
            raise NotLetIn("sign_in.provider_refused")
        attempt = Attempt(self._callback(request), state, begun["nonce"], begun["verifier"])
        try:
            claims = await self.provider.claims(
                attempt,
                code=request.query_params["code"],
                issuer=request.query_params.get("iss"),
                now=self.starter.clock.now(),
            )
        except OpenIdRefused as error:
            raise NotLetIn(f"sign_in.{error.reason}") from None
        grounds = grounds_of(claims, self.settings.role_claim)
        role = self._role(grounds)
        if not isinstance(role, Role):
            raise NotLetIn(f"sign_in.{role}")
        person = person_of(claims, role, SignInWay.OIDC)
        # Other groups of the person are none of our business.
        counting = {*listed(self.settings.viewers), *listed(self.settings.operators)}
        kept = replace(grounds, values=tuple(value for value in grounds.values if value in counting))
        response = await self.starter.let_in(request, person, begun["wanted"], kept)
        cookies.drop(request, response, cookies.BEGUN)
        return response

    def _role(self, grounds: Grounds) -> Role | str:
        return role_on(
            grounds,
            viewers=listed(self.settings.viewers),
            operators=listed(self.settings.operators),
            domains=listed(self.settings.email_domains),
        )

    def _callback(self, request: Request) -> str:
        base = self.base or f"{request.url.scheme}://{request.url.netloc}"
        return f"{base}{CALLBACK}"


def _same_browser(request: Request, begun: Mapping[str, str]) -> bool:
    given = cookies.read(request, cookies.BEGUN)
    return hmac.compare_digest(given.encode("utf-8", "replace"), begun["browser"].encode())
