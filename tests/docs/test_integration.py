"""docs/integration.md: its vectors hold, its examples run against a real gateway."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens, Purpose
from relance.adapters.webhook_signatures import check, signed_headers
from relance.contracts.event_api import EVENTS, INVITATION, PREFERENCES, TOKEN
from relance.devstack.processes import free_port
from relance.domain.invitations.events import EventKind
from relance.errors import InvalidInput
from relance.gateway.api.models import EventAnswer
from relance.gateway.api.openapi import PATH
from relance.gateway.server import serving
from relance.settings.gateway import Gateway
from relance.settings.keyring import Keyring
from relance.settings.signing_secrets import signing_keys
from tests.docs.pages import ROOT, blocks
from tests.support.event_api import KEY, SECRET, Place, invited, serving_api
from tests.support.keys import PRIVACY

PAGE = ROOT / "docs" / "integration.md"
CLIENT = ROOT / "docs" / "examples" / "relance-events.mjs"
VECTORS: dict[str, Any] = json.loads((ROOT / "docs" / "examples" / "vectors.json").read_text(encoding="utf-8"))
LIMIT_S = 60


def test_the_vectors_of_tokens_hold() -> None:
    given = VECTORS["tokens"]
    tokens = LinkTokens(Keyring("vectors", (given["linkKey"],)))
    for purpose in (Purpose.SUBMIT, Purpose.UNSUBSCRIBE):
        assert tokens.sign(purpose, given["invitationId"]) == given[purpose.value]
        for token in (given[purpose.value], given["earlier"][purpose.value]):
            assert tokens.verify(purpose, token) == given["invitationId"]
    for refused in given["refused"]:
        with pytest.raises(InvalidInput):
            tokens.verify(Purpose.SUBMIT, refused)


def test_the_vector_of_a_signature_holds() -> None:
    given = VECTORS["signature"]
    keys, body = signing_keys(SecretStr(given["secret"])), given["body"].encode()
    at = datetime.fromtimestamp(given["timestamp"], UTC)
    headers = signed_headers(keys[0], given["id"], at, body)
    assert headers["webhook-signature"] == given["header"]
    check(keys, headers, body)


def test_the_page_names_every_kind_of_event_every_answer_and_every_path() -> None:
    text = PAGE.read_text(encoding="utf-8")
    paths = [EVENTS, PREFERENCES, TOKEN, INVITATION.replace("invitation_id", "id"), PATH]
    for named in (*(kind.value for kind in EventKind), *(one.value for one in EventAnswer), *paths):
        assert f"`{named}`" in text or f" {named}`" in text, named


async def run(*command: str, environment: Mapping[str, str], given: str = "") -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            out, err = await process.communicate(given.encode())
    except TimeoutError:
        process.kill()
        raise
    return process.returncode or 0, out.decode(), err.decode()


def environment(url: str) -> dict[str, str]:
    return {"RELANCE_URL": url, "RELANCE_SIGNING_SECRET": SECRET, "RELANCE_API_KEY": KEY}


@pytest.fixture
async def place(db: Database) -> AsyncIterator[Place]:
    async with serving_api(db) as there:
        yield there


async def node(place: Place, *arguments: str, given: str = "") -> Any:
    code, out, err = await run(
        "node", str(CLIENT), *arguments, environment=environment(str(place.http.base_url)), given=given
    )
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.mark.debian
async def test_the_requests_in_curl_are_answered_as_the_page_says(place: Place) -> None:
    ids = await invited(place.db, ["c1", "c2"], period="2026-11")
    (script,) = (one for one in blocks(PAGE, "bash") if "openssl" in one)
    code, out, err = await run("bash", "-eu", "-c", script, environment=environment(str(place.http.base_url)))
    assert (code, err) == (0, ""), out
    one, several, preferences, state = (json.loads(line) for line in out.splitlines())
    assert one == {"answers": [{"answer": "taken", "invitationId": ids[0]}]}
    assert [answer["answer"] for answer in several["answers"]] == ["taken", "invalid"]
    assert [answer["answer"] for answer in preferences["answers"]] == ["taken", "unknown_user"]
    assert state["status"] == "submitted"
    assert (await place.contact("c2")).status == "opted_out"


@pytest.mark.debian
async def test_the_node_client_says_what_happened_and_asks(place: Place) -> None:
    [id_, other] = await invited(place.db, ["c1", "c2"])
    token = LinkTokens(PRIVACY.link_keys).sign(Purpose.SUBMIT, id_)
    assert (await node(place, "token", token))["mayAnswer"] is True
    taken = [{"answer": "taken", "invitationId": id_}]
    assert await node(place, "event", "submitted", token, "msg-1") == taken
    assert await node(place, "event", "submitted", token, "msg-1") == taken, "the answer of the first time"
    assert await node(place, "event", "submitted", id_) == [{"answer": "known", "invitationId": id_}]
    assert (await node(place, "invitation", id_))["status"] == "submitted"
    assert await node(place, "token", "v1.a.b") is None
    assert (await node(place, "preferences", "u1", "u9"))[1] == {"userId": "u9", "answer": "unknown_user"}
    many = [{"event": "opened", "invitationId": other}] + [{"event": "no", "invitationId": id_}] * 1_500
    answers = await node(place, "events", given=json.dumps(many))
    assert (len(answers), answers[0]["answer"], answers[-1]["answer"]) == (1_501, "taken", "invalid")


@asynccontextmanager
async def answering(answer: Callable[[Request], Awaitable[Response]]) -> AsyncIterator[str]:
    settings = Gateway(port=free_port())
    async with serving(settings, Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])):
        yield f"http://127.0.0.1:{settings.port}"


@pytest.mark.debian
async def test_the_node_client_repeats_with_the_same_id_and_a_new_signature_until_there_is_an_answer() -> None:
    seen: list[tuple[str, bytes]] = []

    async def twice_away(request: Request) -> Response:
        body = await request.body()
        check(signing_keys(_secret()), request.headers, body)
        seen.append((request.headers["webhook-id"], body))
        if len(seen) < 3:
            return Response(status_code=503, headers={"Retry-After": "1"})
        return JSONResponse({"answers": [{"answer": "taken"}]})

    async with answering(twice_away) as url:
        code, out, _ = await run(
            "node", str(CLIENT), "event", "submitted", "2026-11.u1.c1", environment=environment(url)
        )
    assert (code, json.loads(out)) == (0, [{"answer": "taken"}])
    assert (len(seen), len(set(seen))) == (3, 1)


@pytest.mark.debian
async def test_the_node_client_does_not_repeat_what_is_final() -> None:
    calls = 0

    async def refuse(_: Request) -> Response:
        nonlocal calls
        calls += 1
        return JSONResponse({"detail": "the secret is another one"}, 401)

    async with answering(refuse) as url:
        code, out, err = await run(
            "node", str(CLIENT), "event", "submitted", "2026-11.u1.c1", environment=environment(url)
        )
    assert (code, out, calls) == (1, "", 1)
    assert "401" in err
    assert "the secret is another one" in err


def _secret() -> SecretStr:
    return SecretStr(SECRET)


def test_the_page_is_linked_and_its_anchors_are_there() -> None:
    assert "docs/integration.md" in (ROOT / "README.md").read_text(encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    titles = {
        re.sub(r"[^a-z -]", "", one.lower()).replace(" ", "-") for one in re.findall(r"^## (.*)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([a-z-]+)\)", text)) <= titles


def test_the_operations_page_has_the_section_this_page_leads_to() -> None:
    assert "## Before the first real mail" in Path(ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
