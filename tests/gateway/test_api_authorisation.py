"""Who may speak to the API: signatures and their window, several keys, and keys for questions."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from relance.adapters.mongo.connection import Database
from relance.adapters.webhook_signatures import signatures, signed_headers
from relance.contracts.event_api import EVENTS, PREFERENCES
from relance.gateway.needs import Needs
from relance.settings.signing_secrets import signing_keys
from tests.support.event_api import KEY, OLD_KEY, OLD_SECRET, SECRET, SETTINGS, Place, a_secret, invited, serving_api
from tests.support.keys import a_key

NOW = datetime(2026, 11, 6, 9, 30, tzinfo=UTC)


@pytest.fixture
async def place(db: Database) -> AsyncIterator[Place]:
    async with serving_api(db) as there:
        yield there


def _key(secret: str) -> bytes:
    return signing_keys(SecretStr(secret))[0]


async def _post(place: Place, headers: dict[str, str], body: bytes) -> httpx.Response:
    return await place.http.post(EVENTS, content=body, headers={"Content-Type": "application/json", **headers})


def _body(id_: str) -> bytes:
    return json.dumps({"event": "submitted", "invitationId": id_}).encode()


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET], ids=["new", "old"])
async def test_what_the_reference_library_signs_with_any_of_our_keys_is_taken(place: Place, secret: str) -> None:
    [id_] = await invited(place.db, ["c1"])
    body, now = _body(id_), datetime.now(UTC)
    signature = Webhook(secret).sign("m1", now, body.decode())
    sent = {"webhook-id": "m1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    answer = await _post(place, sent, body)
    assert (answer.status_code, answer.json()["answers"][0]["answer"]) == (200, "taken")


async def test_what_we_sign_is_verified_by_the_reference_library() -> None:
    body, now = _body("x"), datetime.now(UTC)
    assert Webhook(SECRET).verify(body, signed_headers(_key(SECRET), "m1", now, body))


async def test_one_right_signature_among_others_will_do(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    body, at = _body(id_), str(int(datetime.now(UTC).timestamp()))
    signed = signatures([_key(a_secret()), _key(SECRET)], "m1", at, body)
    sent = {"webhook-id": "m1", "webhook-timestamp": at, "webhook-signature": f"v1a,abc v2,def {signed} v1,"}
    assert (await _post(place, sent, body)).status_code == 200


async def test_nothing_but_a_whole_signature_of_ours_is_taken(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    body, now = _body(id_), datetime.now(UTC)
    good = signed_headers(_key(SECRET), "m1", now, body)
    other = signed_headers(_key(a_secret()), "m1", now, body)
    wrong = [
        ({}, body),
        (other, body),
        (good, body + b" "),
        (good, _body("2026-11.u1.c2")),
        ({**good, "webhook-id": "m2"}, body),
        ({**good, "webhook-timestamp": str(int(now.timestamp()) + 1)}, body),
        ({**good, "webhook-timestamp": "now"}, body),
        ({**good, "webhook-signature": good["webhook-signature"][:-2]}, body),
        ({**good, "webhook-signature": good["webhook-signature"].replace("v1,", "v2,")}, body),
        ({**good, "webhook-signature": good["webhook-signature"].replace("v1,", "")}, body),
        ({**good, "webhook-signature": ""}, body),
        ({**good, "webhook-id": ""}, body),
        ({**good, "webhook-id": "m" * 300}, body),
        *(({name: value for name, value in good.items() if name != left}, body) for left in good),
    ]
    answers = [await _post(place, headers, content) for headers, content in wrong]
    assert {(one.status_code, one.headers["content-type"]) for one in answers} == {(401, "application/problem+json")}
    assert (await place.entry("c1")).status == "sent"
    assert (await _post(place, good, body)).status_code == 200


@pytest.mark.parametrize(
    ("away", "status"),
    [(299, 200), (-299, 200), (301, 401), (-301, 401), (10**9, 401)],
)
async def test_a_signature_counts_for_five_minutes(db: Database, away: int, status: int) -> None:
    class Clock:
        def now(self) -> datetime:
            return NOW

    [id_] = await invited(db, ["c1"])
    async with serving_api(db, lambda needs: replace(needs, clock=Clock())) as place:
        body = _body(id_)
        answer = await _post(place, signed_headers(_key(SECRET), "m1", NOW + timedelta(seconds=away), body), body)
    assert answer.status_code == status


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
async def test_a_form_of_a_browser_is_no_message(place: Place, kind: str) -> None:
    body = _body("2026-11.u1.c1")
    headers = {**signed_headers(_key(SECRET), "m1", datetime.now(UTC), body), "Content-Type": kind}
    assert (await place.http.post(EVENTS, content=body, headers=headers)).status_code == 415


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip", "Identity"])
async def test_a_compressed_message_is_refused_with_the_remedy(place: Place, coding: str) -> None:
    [id_] = await invited(place.db, ["c1"])
    body = gzip.compress(_body(id_)) if coding != "Identity" else _body(id_)
    headers = {**signed_headers(_key(SECRET), "m1", datetime.now(UTC), body), "Content-Encoding": coding}
    answer = await _post(place, headers, body)
    if coding == "Identity":
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["detail"]) == (415, "the body must not be compressed")
    assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("path", ["/api/v1/tokens/x", "/api/v1/invitations/2026-11.u1.c1"])
async def test_whoever_asks_brings_a_key(place: Place, path: str) -> None:
    await invited(place.db, ["c1"])
    for given in ("", KEY, f"Bearer {a_key()}", f"Basic {KEY}", f"Bearer {KEY}x", "Bearer", "Bearer \u00e9"):
        answer = await place.http.get(path, headers=[(b"Authorization", given.encode())])
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), given
    for key in (KEY, OLD_KEY):
        assert (await place.http.get(path, headers={"Authorization": f"bearer {key}"})).status_code in {200, 404}


def _without_keys(needs: Needs) -> Needs:
    return replace(needs, settings=SETTINGS.model_copy(update={"signing_secrets": SecretStr(""), "api_keys": None}))


async def test_without_keys_there_is_no_api(db: Database) -> None:
    async with serving_api(db, _without_keys) as place:
        for method, path in (("POST", EVENTS), ("POST", PREFERENCES), ("GET", "/api/v1/tokens/x")):
            assert (await place.http.request(method, path)).status_code == 404
        assert (await place.http.get("/api/v1/openapi.json")).status_code == 404


async def test_other_methods_are_problems_too(place: Place) -> None:
    answer = await place.http.put(EVENTS)
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert answer.headers["allow"] == "POST"


async def test_a_client_that_comes_too_often_is_told_when_to_come_again(db: Database) -> None:
    seldom = SETTINGS.model_copy(update={"api_rate": 0.001})
    [id_] = await invited(db, ["c1"])
    async with serving_api(db, lambda needs: replace(needs, settings=seldom)) as place:
        assert (await place.http.get("/api/v1/tokens/x")).status_code == 401
        answers = [
            await place.api.post(EVENTS, _body(id_)),
            await place.api.post(PREFERENCES, b"{}"),
            await place.http.get(f"/api/v1/invitations/{id_}", headers={"Authorization": f"Bearer {KEY}"}),
        ]
        assert {(one.status_code, one.headers["content-type"]) for one in answers} == {
            (429, "application/problem+json")
        }
        assert all(1 <= int(one.headers["retry-after"]) <= 1_000 for one in answers)
        assert (await place.entry("c1")).status == "sent"
        assert (await place.http.get("/health")).status_code == 200
