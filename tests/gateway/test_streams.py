"""Answers that last: streams of events outlive the time of a request and take no place, unless nobody reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from relance.devstack.processes import free_port
from relance.gateway.application import application
from relance.gateway.limits.connections import ConnectionLimits
from relance.gateway.limits.guard import AT_ONCE
from relance.gateway.server import serving
from relance.settings.gateway import Gateway
from tests.gateway.raw import wire
from tests.support.gateway_needs import needs_of
from tests.support.patience import PATIENCE_S

REQUEST_S = 0.5
CHUNK = b"data: " + b"x" * 200_000 + b"\n\n"


class Streams:
    """An application with streams, and how many of them are open."""

    def __init__(self) -> None:
        self.open = 0

    async def ticks(self, request: Request) -> Response:
        return self._stream(request, b"data: tick\n\n", 0.1)

    async def flood(self, request: Request) -> Response:
        return self._stream(request, CHUNK, 0.0)

    def _stream(self, request: Request, chunk: bytes, pause: float) -> Response:
        request.state.is_stream = True

        async def events() -> AsyncIterator[bytes]:
            self.open += 1
            try:
                while True:
                    yield chunk
                    await asyncio.sleep(pause)
            finally:
                self.open -= 1

        return StreamingResponse(events(), media_type="text/event-stream")


async def _who(_: Request) -> Response:
    return PlainTextResponse("here")


@asynccontextmanager
async def served() -> AsyncIterator[tuple[int, Streams]]:
    port, streams = free_port(), Streams()
    routes = [Route("/who", _who), Route("/ticks", streams.ticks), Route("/flood", streams.flood)]
    limits = ConnectionLimits(per_client=500, request_s=REQUEST_S)
    app = application(needs_of(), [lambda _: routes])
    async with serving(Gateway(port=port), app, limits=limits):
        yield port, streams


async def test_a_stream_outlives_the_time_of_a_request() -> None:
    async with served() as (port, _), wire(port) as listener:
        await listener.say("GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n")
        ticks = 0
        async with asyncio.timeout(PATIENCE_S):
            while ticks < 20:
                ticks += (await listener.reader.readline()).count(b"tick")
        assert ticks * 0.1 > 2 * REQUEST_S


async def test_a_stream_that_nobody_reads_is_cut() -> None:
    async with served() as (port, streams), wire(port) as listener:
        await listener.say("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            while not streams.open:
                await asyncio.sleep(0.01)
            while streams.open:
                await asyncio.sleep(0.05)


async def test_streams_take_no_place_of_requests() -> None:
    async with served() as (port, streams), AsyncExitStack() as stack:
        for _ in range(AT_ONCE + 10):
            listener = await stack.enter_async_context(wire(port))
            await listener.say("GET /ticks HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            while streams.open < AT_ONCE + 10:
                await asyncio.sleep(0.05)
        asker = await stack.enter_async_context(wire(port))
        await asker.say("GET /who HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await asker.answer())[0] == 200
