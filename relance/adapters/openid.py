"""A provider of OpenID Connect, over httpx: discovery, the exchange of a code, the verification of an id token.

Requests are written by Authlib; its own transport over httpx is deprecated, so the calls are made here.
Signatures are verified by joserfc with the provider's keys; of the algorithms only those are taken that need such a key
(never `none`, never a shared secret), and only those that the provider announces (RFC 8725 3.1).
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from relance.errors import DependencyUnavailable

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
SKEW_S: Final = 60
"""How far the clocks of the provider and of this machine may be apart."""
TIMEOUT_S: Final = 10.0
KEEP_S: Final = 3600.0
LOOK_AGAIN_S: Final = 10.0
"""Keys are asked for again when a token names an unknown one, but no more often."""
SCOPE: Final = "openid profile email"
NAME: Final = "the sign-in provider"
ANNOUNCED: Final = "id_token_signing_alg_values_supported"


class OpenIdRefused(Exception):
    """The provider or its token do not let anybody in; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a sign-in is known by: `state` binds the answer to it, `nonce` the token, `verifier` the code (RFC 7636)."""

    callback: str
    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls, callback: str) -> Attempt:
        """Return a new one, which nobody can guess."""
        return cls(callback, *(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(slots=True)
class OpenIdProvider:
    """The provider at `issuer`, as it knows us by `client_id`."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    _metadata: dict[str, Any] = field(default_factory=dict)
    _metadata_at: float = float("-inf")
    _keys: KeySet | None = None
    _keys_at: float = float("-inf")

    async def authorization_url(self, attempt: Attempt) -> str:
        """Return where the browser is sent.

        Raises:
            DependencyUnavailable: the provider does not answer as one.
        """
        return str(
            prepare_grant_uri(
                (await self._discovered())["authorization_endpoint"],
                self.client_id,
                "code",
                redirect_uri=attempt.callback,
                scope=SCOPE,
                state=attempt.state,
                nonce=attempt.nonce,
                code_challenge=create_s256_code_challenge(attempt.verifier),
                code_challenge_method="S256",
            )
        )

    async def claims(self, attempt: Attempt, *, code: str, issuer: str | None, now: datetime) -> dict[str, Any]:
        """Return the claims of the token that a code is exchanged for; `issuer` is whom the answer says it is from.

        Raises:
            OpenIdRefused: `code_refused`, or `token_refused`.
            DependencyUnavailable: the provider does not answer as one.
        """
        if issuer is not None and issuer != self.issuer:
            # Another provider's answer (RFC 9207).
            raise OpenIdRefused("token_refused")
        token = (await self._exchanged(attempt, code)).get("id_token")
        if not isinstance(token, str):
            raise OpenIdRefused("token_refused")
        return await self._verified(token, attempt.nonce, now)

    async def _exchanged(self, attempt: Attempt, code: str) -> dict[str, Any]:
        public = {} if self.client_secret else {"client_id": self.client_id}
        body = prepare_token_request(
            "authorization_code", redirect_uri=attempt.callback, code=code, code_verifier=attempt.verifier, **public
        )
        # Both parts are encoded before they are joined (RFC 6749 2.3.1).
        secret = (
            httpx.BasicAuth(quote(self.client_id), quote(self.client_secret)) if self.client_secret else httpx.Auth()
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                endpoint = (await self._discovered())["token_endpoint"]
                answer = await client.post(endpoint, content=body, headers=headers, auth=secret)
                if answer.is_client_error:
                    raise OpenIdRefused("code_refused")
                found = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise DependencyUnavailable(NAME, f"no token came ({type(error).__name__})") from None
        return found if isinstance(found, dict) else {}

    async def _verified(self, token: str, nonce: str, now: datetime) -> dict[str, Any]:
        announced = (await self._discovered()).get(ANNOUNCED) or ["RS256"]
        algorithms = [name for name in ALGORITHMS if name in announced]
        try:
            try:
                decoded = jwt.decode(token, await self._key_set(), algorithms=algorithms)
            except (JoseError, ValueError):
                # Perhaps its key is newer than what we know.
                decoded = jwt.decode(token, await self._key_set(newer=True), algorithms=algorithms)
            claims = jwt.JWTClaimsRegistry(
                now=int(now.timestamp()),
                leeway=SKEW_S,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": self.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            claims.validate(decoded.claims)
        except (JoseError, ValueError, TypeError):
            raise OpenIdRefused("token_refused") from None
        audience, party = decoded.claims["aud"], decoded.claims.get("azp")
        several = isinstance(audience, list) and len(audience) > 1
        if (several and party is None) or party not in {None, self.client_id}:
            # A token that was issued to somebody else (OpenID Connect Core 3.1.3.7).
            raise OpenIdRefused("token_refused")
        return dict(decoded.claims)

    async def _discovered(self) -> dict[str, Any]:
        if time.monotonic() - self._metadata_at > KEEP_S:
            found = await self._json(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            is_whole = all(isinstance(found.get(name), str) for name in needed)
            if found.get("issuer") != self.issuer or not is_whole or not isinstance(found.get(ANNOUNCED) or [], list):
                raise DependencyUnavailable(NAME, "its discovery document is of another issuer, or incomplete")
            self._metadata, self._metadata_at = found, time.monotonic()
        return self._metadata

    async def _key_set(self, *, newer: bool = False) -> KeySet:
        age = time.monotonic() - self._keys_at
        if self._keys is None or age > KEEP_S or (newer and age > LOOK_AGAIN_S):
            found = await self._json((await self._discovered())["jwks_uri"])
            try:
                self._keys, self._keys_at = KeySet.import_key_set(found), time.monotonic()  # type: ignore[arg-type]
            except (JoseError, ValueError, TypeError, KeyError):
                raise DependencyUnavailable(NAME, "its keys cannot be read") from None
        return self._keys

    async def _json(self, url: str) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                answer = (await client.get(url)).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise DependencyUnavailable(NAME, f"it does not answer ({type(error).__name__})") from None
        if not isinstance(answer, dict):
            raise DependencyUnavailable(NAME, "its answer is no object")
        return answer
