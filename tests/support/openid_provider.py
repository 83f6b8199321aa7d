"""A small provider of OpenID Connect: discovery, keys, codes, id tokens, each of which can be made wrong."""

from __future__ import annotations

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from relance.devstack.processes import free_port
from relance.gateway.server import serving
from relance.settings.gateway import Gateway

CLIENT, SECRET = "relance-console", "s&cret of the console"


def _key() -> RSAKey:
    return RSAKey.generate_key(2048, parameters={"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})


@dataclass
class OpenIdServer:
    """The provider; `person` are the claims of who sits there, `spoil` changes the claims of the next tokens.

    `keys` are announced in place of its own if there are any, `algorithms` as what it signs by.
    """

    issuer: str
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "ann", "preferred_username": "ann"})
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    sign: Callable[[dict[str, Any]], str] | None = None
    key: RSAKey = field(default_factory=_key)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    keys: Any = None
    algorithms: Any = ("RS256", "none", "HS256")

    def rotate(self) -> None:
        """Sign with a new key from now on; the old one is announced no more."""
        self.key = _key()

    def routes(self) -> list[Route]:
        """Return what it answers."""
        return [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
        ]

    async def _discovery(self, _: Request) -> Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        addresses = {name: f"{self.issuer}/{path}" for name, path in names.items()}
        algorithms = {"id_token_signing_alg_values_supported": self.algorithms}
        return JSONResponse({"issuer": self.issuer, **addresses, **algorithms})

    async def _keys(self, _: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False) if self.keys is None else self.keys)

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 302)

    async def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await _form(request)).items()}
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if asked is None or asked["code_challenge"] != challenge.decode() or "authorization" not in request.headers:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "nonce": asked["nonce"], "iat": now, "exp": now + 300}
        claims = self.spoil({**claims, **self.person})
        token = self.sign(claims) if self.sign else jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": token})


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode()))


@asynccontextmanager
async def openid_server() -> AsyncIterator[OpenIdServer]:
    """Yield a provider that runs while the block does."""
    port = free_port()
    provider = OpenIdServer(f"http://127.0.0.1:{port}")
    async with serving(Gateway(port=port), Starlette(routes=provider.routes())):
        yield provider
