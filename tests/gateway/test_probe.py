"""The doctor's probe of the unsubscribe links, against the real gateway and against what may stand in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens, Purpose
from relance.devstack.processes import free_port
from relance.gateway.application import application
from relance.gateway.probing import HEADER
from relance.gateway.server import serving
from relance.gateway.unsubscribe_check import check_unsubscribe
from relance.settings.gateway import Gateway
from tests.gateway.recipients import ALICE, browsing, invite
from tests.support.gateway_needs import needs_of
from tests.support.keys import PRIVACY, ring

TOKENS = LinkTokens(PRIVACY.link_keys)


@asynccontextmanager
async def standing(answer: Callable[[Request], Response]) -> AsyncIterator[str]:
    """Serve something else below /u/."""

    async def endpoint(request: Request) -> Response:
        return answer(request)

    app = Starlette(routes=[Route("/u/{token}", endpoint, methods=["GET", "POST"])])
    settings = Gateway(port=free_port())
    async with serving(settings, app):
        yield f"http://127.0.0.1:{settings.port}"


async def test_a_gateway_of_ours_passes_and_nothing_is_changed() -> None:
    settings = Gateway(port=free_port())
    async with serving(settings, application(needs_of(settings=settings))):
        assert await check_unsubscribe(f"http://127.0.0.1:{settings.port}/", TOKENS) is None


async def test_a_gateway_with_another_key_is_told_apart_from_ours() -> None:
    settings = Gateway(port=free_port())
    async with serving(settings, application(needs_of(settings=settings))):
        trouble = await check_unsubscribe(f"http://127.0.0.1:{settings.port}", LinkTokens(ring("k" * 40)))
    assert trouble is not None
    assert "LINK_KEY" in trouble.remedy


def refusing_posts(request: Request) -> Response:
    if request.method == "POST":
        return PlainTextResponse("no", 403)
    return PlainTextResponse("", headers={HEADER: f"GET {TOKENS.verify(Purpose.PROBE, request.path_params['token'])}"})


FRONTS: dict[str, tuple[Callable[[Request], Response], str]] = {
    "another application": (lambda _: PlainTextResponse("welcome"), "lead /u/"),
    "a redirect": (lambda _: RedirectResponse("/login"), "without redirect"),
    "a proxy whose gateway is away": (lambda _: PlainTextResponse("bad gateway", 502), "log of the proxy"),
    "a cache": (lambda _: PlainTextResponse("", headers={HEADER: "GET 0123"}), "store"),
    "a wall against POST": (refusing_posts, "let POST through"),
}


@pytest.mark.parametrize(("answer", "remedy"), FRONTS.values(), ids=FRONTS)
async def test_what_stands_in_front_is_named(answer: Callable[[Request], Response], remedy: str) -> None:
    async with standing(answer) as base:
        trouble = await check_unsubscribe(base, TOKENS)
    assert trouble is not None
    assert remedy in trouble.remedy


async def test_where_nothing_listens_the_gateway_is_away() -> None:
    trouble = await check_unsubscribe(f"http://127.0.0.1:{free_port()}", TOKENS)
    assert trouble is not None
    assert "worker.py --role gateway" in trouble.remedy


async def test_a_probe_opts_nobody_out_and_is_no_token_of_any_other_purpose(db: Database) -> None:
    await invite(db)
    async with browsing(db) as client:
        answer = await client.post(f"/u/{TOKENS.sign(Purpose.PROBE, 'x')}", data={"List-Unsubscribe": "One-Click"})
        form = await client.get(f"/f/{TOKENS.sign(Purpose.PROBE, 'x')}")
    assert (answer.status_code, answer.headers[HEADER], form.status_code) == (200, "POST x", 404)
    assert not await db.suppressions.suppressed([ALICE])
