"""Who is let in by a link or a proxy, what a session is, and what no form from elsewhere can do (SPEC K4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client

from relance.adapters.mongo.connection import Database
from relance.domain.console.people import Role
from relance.settings.console import ConsoleGroup, SignInWay
from relance.settings.gateway import Gateway
from tests.console.support import HOST, Visitor, visitor_of

TOKEN = ConsoleGroup(sign_in=SignInWay.TOKEN)
PROXY = ConsoleGroup(sign_in=SignInWay.PROXY)
BEHIND = Gateway(trusted_proxies="10.0.0.0/8")
ANN = {"X-Forwarded-User": "ann", "X-Forwarded-Groups": "staff,relance-operator"}


async def test_a_link_shows_a_button_and_works_once(db: Database, client: Client) -> None:
    async with visitor_of(db, TOKEN, client=client) as visitor:
        secret = await db.sign_ins.offer("ann", Role.VIEWER, datetime.now(UTC) + timedelta(minutes=5))
        link = f"/console/sign-in/token/{secret}"
        assert (await visitor.get("/console/now")).status_code == 303
        for _ in range(2):
            assert "as ann, with the role viewer" in (await visitor.get(link)).text
        assert (await visitor.post(link)).status_code == 303
        assert (await visitor.get("/console/now")).status_code == 200
        visitor.forget()
        assert (await visitor.post(link)).status_code == 403
        assert (await visitor.get("/console/now")).status_code == 303


async def test_a_link_that_is_too_old_lets_in_nobody(db: Database) -> None:
    async with visitor_of(db, TOKEN) as visitor:
        secret = await db.sign_ins.offer("ann", Role.VIEWER, datetime.now(UTC) - timedelta(seconds=1))
        assert (await visitor.post(f"/console/sign-in/token/{secret}")).status_code == 403


async def test_a_link_works_from_this_machine_alone_unless_the_settings_say_otherwise(db: Database) -> None:
    async with visitor_of(db, TOKEN, peer="192.0.2.7") as visitor:
        refused = await visitor.enter()
        assert refused.status_code == 403
        assert "only on the machine" in refused.text
    anywhere = ConsoleGroup(sign_in=SignInWay.TOKEN, token_from_anywhere=True)
    async with visitor_of(db, anywhere, peer="192.0.2.7") as visitor:
        assert (await visitor.enter()).status_code == 303


async def test_over_https_the_cookie_is_bound_to_the_host(db: Database) -> None:
    async with visitor_of(db, TOKEN, scheme="https") as visitor:
        cookie = (await visitor.enter()).headers["set-cookie"]
    assert cookie.startswith("__Host-relance_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))


async def test_a_session_changes_its_secret_at_sign_in_and_ends_at_sign_out(ann: Visitor) -> None:
    before = ann.http.cookies["relance_session"]
    await ann.enter()
    after = ann.http.cookies["relance_session"]
    assert before != after
    ann.http.cookies.set("relance_session", before, domain=HOST)
    assert (await ann.get("/console/now")).status_code == 303
    ann.forget()
    await ann.enter()
    kept = ann.http.cookies["relance_session"]
    assert "Signed out" in (await ann.post("/console/sign-out", {"csrf": await ann.token("/console/now")})).text
    ann.forget()
    ann.http.cookies.set("relance_session", kept, domain=HOST)
    assert (await ann.get("/console/now")).status_code == 303


async def test_sessions_of_a_person_or_of_all_end_at_the_next_request(db: Database, client: Client) -> None:
    async with visitor_of(db, TOKEN, client=client) as visitor:
        await visitor.enter(name="ann")
        anns = visitor.http.cookies["relance_session"]
        visitor.forget()
        await visitor.enter(Role.VIEWER, "bob")
        listed = await db.sessions.listed(datetime.now(UTC))
        assert [(session.person.name, session.person.role) for session in listed] == [
            ("ann", Role.OPERATOR),
            ("bob", Role.VIEWER),
        ]
        assert await db.sessions.end_of("bob") == 1
        assert (await visitor.get("/console/unread")).status_code == 303
        visitor.forget()
        visitor.http.cookies.set("relance_session", anns, domain=HOST)
        assert (await visitor.get("/console/unread")).status_code == 200
        assert await db.sessions.end_of(None) == 1
        assert (await visitor.get("/console/unread")).status_code == 303


async def test_a_copy_of_the_database_holds_no_secret_that_lets_in(ann: Visitor) -> None:
    secret = ann.http.cookies["relance_session"]
    stored = await ann.db.raw.consoleSessions.find_one({})
    assert stored is not None
    assert secret not in str(stored)


async def test_a_session_is_over_after_its_time(ann: Visitor) -> None:
    await ann.db.raw.consoleSessions.update_many({}, {"$set": {"expiresAt": datetime.now(UTC) - timedelta(seconds=1)}})
    assert (await ann.get("/console/now")).status_code == 303


FORGED = {
    "from another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    "from a sibling": {"Sec-Fetch-Site": "same-site", "Origin": f"http://x.{HOST}"},
    "from another origin, by an old browser": {"Origin": "https://evil.example"},
    "from nowhere": {},
    "from an opaque origin": {"Origin": "null"},
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_form_from_elsewhere_is_refused_even_with_the_token(ann: Visitor, name: str) -> None:
    form = {"csrf": await ann.token("/console/now")}
    refused = await ann.post("/console/sign-out", form, headers=FORGED[name])
    assert refused.status_code == 403
    assert (await ann.get("/console/now")).status_code == 200


@pytest.mark.parametrize("csrf", ["", "x" * 43, "é"])
async def test_a_form_without_the_sessions_token_is_refused(ann: Visitor, csrf: str) -> None:
    assert (await ann.post("/console/sign-out", {"csrf": csrf})).status_code == 403
    assert (await ann.get("/console/now")).status_code == 200


async def test_a_proxy_is_believed_only_if_it_is_trusted(db: Database, client: Client) -> None:
    async with visitor_of(db, PROXY, gateway=BEHIND, peer="10.1.2.3", client=client) as visitor:
        assert (await visitor.get("/console/sign-in", **ANN)).status_code == 303
        assert "operator" in (await visitor.get("/console/now", **ANN)).text
    async with visitor_of(db, PROXY, gateway=BEHIND, peer="192.0.2.7", client=client) as visitor:
        assert (await visitor.get("/console/sign-in", **ANN)).status_code == 403


async def test_a_session_ends_when_the_proxy_names_somebody_else_or_nobody(db: Database, client: Client) -> None:
    bob = {**ANN, "X-Forwarded-User": "bob"}
    async with visitor_of(db, PROXY, gateway=BEHIND, peer="10.1.2.3", client=client) as visitor:
        for headers in (bob, {}, {**ANN, "X-Forwarded-Groups": "relance-viewer"}):
            visitor.forget()
            await visitor.get("/console/sign-in", **ANN)
            assert (await visitor.get("/console/now", **headers)).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Groups": "relance-operator"},
        {"X-Forwarded-User": "ann"},
        {"X-Forwarded-User": "ann", "X-Forwarded-Groups": "Relance-Operator"},
        {"X-Forwarded-User": " ", "X-Forwarded-Groups": "relance-operator"},
    ],
)
async def test_a_proxy_that_names_nobody_or_no_role_lets_in_nobody(db: Database, headers: dict[str, str]) -> None:
    async with visitor_of(db, PROXY, gateway=BEHIND, peer="10.1.2.3") as visitor:
        assert (await visitor.get("/console/sign-in", **headers)).status_code == 403


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/console//evil", "/u/x", "/console/\\x"])
async def test_nobody_is_sent_elsewhere_after_signing_in(db: Database, to: str) -> None:
    async with visitor_of(db, PROXY, gateway=BEHIND, peer="10.1.2.3") as visitor:
        answer = await visitor.http.get("/console/sign-in", params={"to": to}, headers=ANN)
        assert answer.headers["location"] == "/console/now"


async def test_every_answer_forbids_scripts_and_frames_of_others(ann: Visitor) -> None:
    for path in ("/console/now", "/console/nothing", "/console/sign-in", "/console/static/console.js"):
        answer = await ann.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert " style=" not in answer.text
            assert "<script>" not in answer.text


@pytest.mark.parametrize("origin", ["http://[::1", "http://[", "null", "//"])
async def test_an_origin_that_is_no_address_is_refused(ann: Visitor, origin: str) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": origin}
    answer = await ann.post("/console/chat/do/say", {"csrf": await ann.token("/console/chat")}, headers=headers)
    assert answer.status_code == 403
