"""Temporal Web and the `temporal` command read encrypted payloads through the gateway (SPEC O3)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from google.protobuf.json_format import MessageToJson, Parse
from pydantic import SecretStr
from starlette.requests import Request
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.client import Client

from relance.contracts.jobs import JobInput
from relance.devstack.processes import free_port
from relance.devstack.temporal_server import find_binary
from relance.errors import DependencyUnavailable
from relance.gateway.application import application
from relance.gateway.codec import MOST_BYTES, PATH, TokenViewer
from relance.gateway.needs import CodecNeeds
from relance.gateway.server import serving
from relance.settings.gateway import Gateway
from relance.settings.keyring import Keyring
from relance.temporal.payload_codec import codec
from relance.temporal.plugin import relance_plugin
from tests.support.gateway_needs import needs_of
from tests.support.keys import a_key

TOKEN, OLD_TOKEN, ORIGIN = a_key(), a_key(), "https://temporal.example"
OURS = codec(Keyring("RELANCE_PRIVACY__CODEC_KEY", (a_key(),)))
THEIRS = codec(Keyring("RELANCE_PRIVACY__CODEC_KEY", (a_key(),)))
WORD = Payload(metadata={"encoding": b"json/plain"}, data=b'"word"')


@dataclass(frozen=True)
class SignedIn:
    """Stands for the console's sign-in: whoever has this cookie is in, and nobody knows whose one of them is."""

    async def may_read(self, request: Request) -> bool:
        if request.cookies.get("relance_session") == "unknown":
            raise DependencyUnavailable("MongoDB", "find a session: no primary")
        return request.cookies.get("relance_session") == "mine"


@pytest.fixture(scope="module")
async def web() -> AsyncIterator[httpx.AsyncClient]:
    settings = Gateway(port=free_port(), client_rate=100, codec_tokens=SecretStr(f"{TOKEN},{OLD_TOKEN}"))
    viewers = (TokenViewer(settings.codec_token_ring.keys), SignedIn())
    needs = replace(needs_of(settings=settings), codec=CodecNeeds(OURS, viewers, frozenset({ORIGIN})))
    base = f"http://127.0.0.1:{settings.port}"
    async with serving(settings, application(needs)), httpx.AsyncClient(base_url=base, trust_env=False) as http:
        yield http


async def body(*payloads: Payload) -> str:
    return MessageToJson(Payloads(payloads=payloads))


BEARER = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


async def test_the_temporal_command_shows_what_only_the_key_reads(
    web: httpx.AsyncClient, temporal_address: str
) -> None:
    client = await Client.connect(temporal_address, plugins=[relance_plugin(codec=OURS)])
    handle = await client.start_workflow(
        "Nobody", JobInput(), id=f"codec-{uuid4()}", task_queue="nobody", memo={"word": "canary"},
        execution_timeout=timedelta(minutes=5),
    )  # fmt: skip

    async def shown(*options: str) -> str:
        command = [find_binary(), "workflow", "describe", "-w", handle.id, "--address", temporal_address, *options]
        process = await asyncio.create_subprocess_exec(*command, "-o", "json", stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        return out.decode()

    endpoint = f"{web.base_url}".rstrip("/") + "/codec"
    assert "canary" not in await shown()
    assert "canary" in await shown("--codec-endpoint", endpoint, "--codec-auth", f"Bearer {TOKEN}")
    assert "canary" not in await shown("--codec-endpoint", endpoint, "--codec-auth", "Bearer wrong")
    await handle.terminate()


async def test_a_page_of_temporal_web_reads_with_the_sign_in_of_its_browser(web: httpx.AsyncClient) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    allowed = await web.options(PATH, headers=asked)
    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert "x-namespace" in allowed.headers["Access-Control-Allow-Headers"]
    [sealed] = await OURS.encode([WORD])
    headers = {"Origin": ORIGIN, "Content-Type": "application/json", "Cookie": "relance_session=mine"}
    answer = await web.post(PATH, content=await body(sealed, WORD), headers=headers)
    assert list(Parse(answer.text, Payloads()).payloads) == [WORD, WORD]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert (answer.headers["Vary"], answer.headers["Cache-Control"]) == ("Origin", "no-store")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 401),
        ({**BEARER, "Authorization": "Bearer wrong"}, 401),
        ({**BEARER, "Authorization": f"Basic {TOKEN}"}, 401),
        ({"Content-Type": "application/json", "Cookie": "relance_session=theirs"}, 401),
        ({**BEARER, "Origin": "https://evil.example"}, 403),
        ({**BEARER, "Origin": "null"}, 403),
        ({**BEARER, "Content-Type": "text/plain"}, 415),
    ],
)
async def test_whoever_may_not_read_gets_nothing(web: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    [sealed] = await OURS.encode([WORD])
    answer = await web.post(PATH, content=await body(sealed), headers=headers)
    assert answer.status_code == status
    assert "word" not in answer.text
    assert answer.headers.get("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("token", [TOKEN, OLD_TOKEN], ids=["new", "old"])
async def test_each_token_of_the_list_reads(web: httpx.AsyncClient, token: str) -> None:
    [sealed] = await OURS.encode([WORD])
    answer = await web.post(PATH, content=await body(sealed), headers={**BEARER, "Authorization": f"Bearer {token}"})
    assert list(Parse(answer.text, Payloads()).payloads) == [WORD]


async def test_a_preflight_of_a_strange_page_is_refused(web: httpx.AsyncClient) -> None:
    answer = await web.options(PATH, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (403, None)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        *(
            (text, 400)
            for text in ("{", "[1]", "5", "null", '{"payloads": 5}', "[" * 100_000, '{"other": 1}', "\udcff")
        ),
        ("x" * (MOST_BYTES + 1), 413),
        (json.dumps({"payloads": [{}] * 10_001}), 413),
        # So many that it is not read: it is no JSON.
        ('{"payloads": [' + "{}," * 60_000, 413),
    ],
)
async def test_a_body_that_is_no_payloads_or_too_much_is_refused(
    web: httpx.AsyncClient, content: str, status: int
) -> None:
    answer = await web.post(PATH, content=content.encode("utf-8", "surrogateescape"), headers=BEARER)
    assert answer.status_code == status


async def test_a_payload_under_a_key_we_lack_becomes_a_sentence_and_the_others_are_read(
    web: httpx.AsyncClient,
) -> None:
    [ours], [theirs] = await OURS.encode([WORD]), await THEIRS.encode([WORD])
    answer = await web.post(PATH, content=await body(theirs, ours), headers=BEARER)
    lacking, read = Parse(answer.text, Payloads()).payloads
    assert "is not among these settings" in json.loads(lacking.data)
    assert read == WORD


async def test_while_the_sign_ins_cannot_be_looked_up_a_browser_comes_again_and_a_program_reads(
    web: httpx.AsyncClient,
) -> None:
    [sealed] = await OURS.encode([WORD])
    cookie = {"Origin": ORIGIN, "Content-Type": "application/json", "Cookie": "relance_session=unknown"}
    answer = await web.post(PATH, content=await body(sealed), headers=cookie)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (503, ORIGIN)
    assert "MongoDB does not answer" in answer.text
    answer = await web.post(PATH, content=await body(sealed), headers={**BEARER, "Cookie": "relance_session=unknown"})
    assert list(Parse(answer.text, Payloads()).payloads) == [WORD]
