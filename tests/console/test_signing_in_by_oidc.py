"""Signing in at a real provider: who is let in, and which answers of a provider let in nobody (SPEC K4)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from pydantic import SecretStr
from temporalio.client import Client

from relance.adapters import openid
from relance.adapters.mongo.connection import Database
from relance.settings.console import ConsoleGroup, SignInWay
from tests.console.support import Visitor, visitor_of
from tests.support.openid_provider import CLIENT, SECRET, OpenIdServer, openid_server

Claims = dict[str, Any]


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[OpenIdServer]:
    async with openid_server() as found:
        yield found


@pytest.fixture
def provider(server: OpenIdServer) -> OpenIdServer:
    server.spoil, server.sign = lambda claims: claims, None
    server.person = {"sub": "1", "preferred_username": "ann", "roles": ["relance-operator"]}
    server.keys, server.algorithms = None, ["RS256", "none", "HS256"]
    return server


@pytest.fixture
async def visitor(db: Database, client: Client, provider: OpenIdServer) -> AsyncIterator[Visitor]:
    group = ConsoleGroup(
        sign_in=SignInWay.OIDC, issuer=provider.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET)
    )
    async with visitor_of(db, group, client=client) as found:
        yield found


async def test_an_operator_signs_in_and_comes_to_the_page_they_wanted(visitor: Visitor) -> None:
    answer = await visitor.sign_in_at_provider("/console/now?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/now?x=1"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await visitor.get("/console/now")).status_code == 200
    assert "operator" in (await visitor.get("/console/now")).text


@pytest.mark.parametrize(
    "changed",
    [
        {"operators": "other-group"},
        {"operators": "other-group", "viewers": "relance-operator"},
        {"email_domains": "elsewhere.example"},
        {"sign_in": SignInWay.TOKEN},
    ],
    ids=["no role any more", "another role", "another domain", "another way"],
)
async def test_who_would_get_another_role_now_signs_in_again(
    visitor: Visitor, db: Database, client: Client, provider: OpenIdServer, changed: dict[str, Any]
) -> None:
    await visitor.sign_in_at_provider()
    given = {"sign_in": SignInWay.OIDC, "issuer": provider.issuer, "client_id": CLIENT}
    for settings, status in ((given, 200), ({**given, **changed}, 303), (given, 303)):
        # The same browser, after the process began anew with these settings.
        async with visitor_of(db, ConsoleGroup.model_validate(settings), client=client) as later:
            later.http.cookies = visitor.http.cookies
            assert (await later.get("/console/unread")).status_code == status, settings


async def test_a_session_keeps_only_what_gave_the_role(visitor: Visitor, db: Database, provider: OpenIdServer) -> None:
    provider.person = {**provider.person, "roles": ["relance-viewer", "works-council"]}
    await visitor.sign_in_at_provider()
    (stored,) = await db.raw.consoleSessions.find().to_list(None)
    assert stored["values"] == ["relance-viewer"]


async def test_a_role_comes_from_the_claim_and_without_one_nobody_is_let_in(
    visitor: Visitor, provider: OpenIdServer
) -> None:
    provider.person["roles"] = "relance-viewer"
    await visitor.sign_in_at_provider()
    assert "viewer" in (await visitor.get("/console/now")).text
    provider.person["roles"] = ["somebody"]
    visitor.forget()
    refused = await visitor.sign_in_at_provider()
    assert refused.status_code == 403
    assert "neither viewer nor operator" in refused.text


def _without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


WRONG: dict[str, Callable[[Claims], Claims]] = {
    "another nonce": lambda claims: {**claims, "nonce": "of somebody else"},
    "no nonce": _without("nonce"),
    "another audience": lambda claims: {**claims, "aud": "another application"},
    "an authorized party that is another": lambda claims: {**claims, "aud": [CLIENT, "x"], "azp": "x"},
    "another issuer": lambda claims: {**claims, "iss": "http://127.0.0.1:1"},
    "expired two minutes ago": lambda claims: {**claims, "exp": int(time.time()) - 120},
    "no expiry": _without("exp"),
    "issued in ten minutes": lambda claims: {**claims, "iat": int(time.time()) + 600},
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_token_with_a_wrong_claim_lets_in_nobody(visitor: Visitor, provider: OpenIdServer, name: str) -> None:
    provider.spoil = WRONG[name]
    answer = await visitor.sign_in_at_provider()
    assert answer.status_code == 403
    assert "could not be verified" in answer.text
    assert (await visitor.get("/console/now")).status_code == 303


async def test_clocks_may_be_half_a_minute_apart(visitor: Visitor, provider: OpenIdServer) -> None:
    provider.spoil = lambda claims: {**claims, "exp": int(time.time()) - 30, "iat": int(time.time()) + 30}
    assert (await visitor.sign_in_at_provider()).status_code == 303


def _unsigned(claims: Claims) -> str:
    parts = ({"alg": "none"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


def _signed_with_the_secret(claims: Claims) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET.ljust(32, "x")), algorithms=["HS256"])


@pytest.mark.parametrize("sign", [_unsigned, _signed_with_the_secret])
async def test_a_token_without_the_providers_signature_lets_in_nobody(
    visitor: Visitor, provider: OpenIdServer, sign: Callable[[Claims], str]
) -> None:
    provider.sign = sign
    assert (await visitor.sign_in_at_provider()).status_code == 403


async def test_a_token_signed_by_a_strangers_key_lets_in_nobody(visitor: Visitor, provider: OpenIdServer) -> None:
    stranger = replace(provider)
    stranger.rotate()
    key = stranger.key
    provider.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": provider.key.kid}, claims, key)
    assert (await visitor.sign_in_at_provider()).status_code == 403


async def test_a_new_key_of_the_provider_is_fetched(
    visitor: Visitor, provider: OpenIdServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openid, "LOOK_AGAIN_S", 0.0)
    assert (await visitor.sign_in_at_provider()).status_code == 303
    provider.rotate()
    visitor.forget()
    assert (await visitor.sign_in_at_provider()).status_code == 303


@pytest.mark.parametrize("keys", [{}, {"keys": 5}, {"keys": []}, {"keys": ["x", None]}, {"keys": [{"kty": "RSA"}]}, []])
async def test_keys_that_cannot_be_read_are_trouble_of_the_provider(
    visitor: Visitor, provider: OpenIdServer, keys: Any
) -> None:
    provider.keys = keys
    answer = await visitor.sign_in_at_provider()
    assert answer.status_code == 503
    assert "sign-in provider" in answer.text


async def test_a_key_of_an_unknown_type_beside_the_others_is_left_out(visitor: Visitor, provider: OpenIdServer) -> None:
    own = provider.key.as_dict(private=False)
    provider.keys = {"keys": [{"kty": "AKP", "alg": "ML-DSA-65", "pub": "AA"}, own]}
    assert (await visitor.sign_in_at_provider()).status_code == 303


async def test_algorithms_that_are_no_list_are_trouble_of_the_provider(
    visitor: Visitor, provider: OpenIdServer
) -> None:
    provider.algorithms = 5
    assert (await visitor.get("/console/sign-in")).status_code == 503


async def test_an_answer_that_another_browser_began_lets_in_nobody(visitor: Visitor, db: Database) -> None:
    callback = await visitor.callback()
    visitor.forget()
    answer = await visitor.get(callback)
    assert answer.status_code == 403
    assert "not begun in this browser" in answer.text


async def test_an_answer_counts_once(visitor: Visitor) -> None:
    callback = await visitor.callback()
    assert (await visitor.get(callback)).status_code == 303
    assert (await visitor.get(callback)).status_code == 403


async def test_only_verified_addresses_of_our_domains_are_let_in(db: Database, provider: OpenIdServer) -> None:
    group = ConsoleGroup(
        sign_in=SignInWay.OIDC,
        issuer=provider.issuer,
        client_id=CLIENT,
        client_secret=SecretStr(SECRET),
        email_domains="form-a-friend.example",
    )
    async with visitor_of(db, group) as visitor:
        for address, verified, status in (
            ("ann@form-a-friend.example", True, 303),
            ("ann@form-a-friend.example", False, 403),
            ("ann@elsewhere.example", True, 403),
            ("ann@sub.form-a-friend.example", True, 403),
        ):
            provider.person |= {"email": address, "email_verified": verified}
            visitor.forget()
            assert (await visitor.sign_in_at_provider()).status_code == status, address


async def test_a_provider_that_is_away_is_said(db: Database) -> None:
    group = ConsoleGroup(sign_in=SignInWay.OIDC, issuer="http://127.0.0.1:9", client_id=CLIENT)
    async with visitor_of(db, group) as visitor:
        answer = await visitor.get("/console/sign-in")
        assert answer.status_code == 503
        assert "the sign-in provider does not answer" in answer.text
