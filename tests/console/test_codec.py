"""Whoever is signed in at the console may read encrypted payloads in Temporal Web."""

from __future__ import annotations

from dataclasses import replace

import httpx
from google.protobuf.json_format import MessageToJson, Parse
from temporalio.api.common.v1 import Payload, Payloads

from relance.adapters.mongo.connection import Database
from relance.domain.console.people import Role
from relance.gateway import codec
from relance.gateway.application import application
from relance.gateway.needs import CodecNeeds
from relance.settings.console import ConsoleGroup, SignInWay
from relance.settings.keyring import Keyring
from relance.temporal.payload_codec import codec as codec_with
from tests.console.support import HOST, visitor_of
from tests.support.gateway_needs import needs_of
from tests.support.keys import a_key

ORIGIN = "https://temporal.example"
OURS = codec_with(Keyring("RELANCE_PRIVACY__CODEC_KEY", (a_key(),)))
WORD = Payload(metadata={"encoding": b"json/plain"}, data=b'"word"')


async def test_a_browser_that_is_signed_in_reads_and_another_does_not(db: Database) -> None:
    async with visitor_of(db, ConsoleGroup(sign_in=SignInWay.TOKEN)) as ann:
        needs = replace(needs_of(), codec=CodecNeeds(OURS, (ann.console.viewer,), frozenset({ORIGIN})))
        transport = httpx.ASGITransport(application(needs, [codec.routes]))
        [sealed] = await OURS.encode([WORD])
        body = MessageToJson(Payloads(payloads=[sealed]))
        headers = {"Origin": ORIGIN, "Content-Type": "application/json"}
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as web:
            assert (await web.post(codec.PATH, content=body, headers=headers)).status_code == 401
            await ann.enter(Role.VIEWER)
            web.cookies = ann.http.cookies
            answer = await web.post(codec.PATH, content=body, headers=headers)
            assert list(Parse(answer.text, Payloads()).payloads) == [WORD]
            web.cookies.clear()
            assert (await web.post(codec.PATH, content=body, headers=headers)).status_code == 401
