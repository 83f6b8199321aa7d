"""What slow, silent, greedy and ambiguous clients get, over a real socket (SPEC G5)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from relance.devstack.processes import free_port
from relance.gateway.application import application
from relance.gateway.limits.bodies import body_of
from relance.gateway.limits.connections import HEAD_BYTES, ConnectionLimits
from relance.gateway.limits.guard import Guard
from relance.gateway.server import serving
from relance.settings.gateway import Gateway
from tests.gateway.raw import Wire, wire
from tests.support.gateway_needs import needs_of

GET = "GET /who HTTP/1.1\r\nHost: x\r\n\r\n"
SHORT_S = 0.4
MOST_BODY = 100
BIG = 50_000_000


async def _who(request: Request) -> Response:
    return PlainTextResponse(request.client.host if request.client else "nobody")


async def _body(request: Request) -> Response:
    return PlainTextResponse(str(len(await body_of(request, MOST_BODY, seconds=SHORT_S))))


async def _patient(request: Request) -> Response:
    return PlainTextResponse(str(len(await body_of(request, MOST_BODY, seconds=60))))


async def _headers(request: Request) -> Response:
    await request.body()
    return PlainTextResponse(",".join(name.decode() for name, _ in request.scope["headers"]))


async def _unread(_: Request) -> Response:
    return PlainTextResponse("early")


async def _big(_: Request) -> Response:
    return Response(bytes(BIG))


async def _broken(request: Request) -> Response:
    raise RuntimeError(f"cannot do {request.path_params['token']}")


ROUTES = [
    Route("/who", _who),
    Route("/body", _body, methods=["POST"]),
    Route("/patient", _patient, methods=["POST"]),
    Route("/headers", _headers, methods=["POST"]),
    Route("/unread", _unread, methods=["POST"]),
    Route("/big", _big),
    Route("/broken/{token}", _broken),
]


@asynccontextmanager
async def served(limits: ConnectionLimits | None = None, settings: Gateway | None = None) -> AsyncIterator[int]:
    port = free_port()
    gateway = (settings or Gateway()).model_copy(update={"port": port})
    async with serving(gateway, application(needs_of(), [lambda _: ROUTES]), limits=limits):
        yield port


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    async with served(ConnectionLimits(head_s=SHORT_S, request_s=4 * SHORT_S)) as number:
        yield number


async def _answers(port: int) -> bool:
    async with wire(port) as one:
        await one.say(GET)
        return (await one.answer())[0] == 200


@pytest.mark.parametrize("said", ["", "GET /who HT", "GET /who HTTP/1.1\r\nHost: x\r\n"])
async def test_a_head_that_does_not_come_in_time_ends_its_connection(port: int, said: str) -> None:
    async with wire(port) as one:
        await one.say(said)
        assert await one.is_closed()


async def test_a_head_that_comes_byte_by_byte_has_no_more_time(port: int) -> None:
    async def drip(one: Wire) -> None:
        for letter in "GET /who HTTP/1.1\r\n" + "X-Slow: 1\r\n" * 10_000:
            await one.say(letter)
            await asyncio.sleep(SHORT_S / 8)

    async with wire(port) as one:
        dripping = asyncio.create_task(drip(one))
        assert await one.is_closed()
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)


async def test_also_the_second_head_of_a_connection_has_its_time(port: int) -> None:
    async with wire(port) as one:
        await one.say(GET)
        assert (await one.answer())[0] == 200
        await asyncio.sleep(1.5 * SHORT_S)
        await one.say("GET /wh")
        assert await one.is_closed()


async def test_between_two_requests_a_connection_may_rest(port: int) -> None:
    async with wire(port) as one:
        for _ in range(3):
            await one.say(GET)
            assert (await one.answer())[0] == 200
            await asyncio.sleep(1.5 * SHORT_S)


@pytest.mark.parametrize("sent", ["", "x" * 50])
async def test_a_body_that_does_not_come_in_time_is_refused(port: int, sent: str) -> None:
    async with wire(port) as one:
        await one.say(f"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\n{sent}")
        assert (await one.answer())[0] == 408
        assert await one.is_closed()


async def test_a_body_nobody_reads_has_the_time_of_a_request(port: int) -> None:
    async with wire(port) as one:
        await one.say("POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        assert (await one.answer())[0] == 200
        assert await one.is_closed()


LONG = "x" * (MOST_BODY + 1)


@pytest.mark.parametrize(
    "rest",
    [
        f"Content-Length: {len(LONG)}\r\n\r\n{LONG}",
        f"Transfer-Encoding: chunked\r\n\r\n{len(LONG):x}\r\n{LONG}\r\n0\r\n\r\n",
    ],
    ids=["declared", "undeclared"],
)
async def test_a_body_over_the_limit_is_refused(port: int, rest: str) -> None:
    async with wire(port) as one:
        await one.say(f"POST /body HTTP/1.1\r\nHost: x\r\n{rest}")
        assert (await one.answer())[0] == 413


@pytest.mark.parametrize("body", ["", "x" * MOST_BODY])
async def test_a_body_within_the_limit_is_read(port: int, body: str) -> None:
    async with wire(port) as one:
        await one.say(f"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        assert (await one.answer())[2] == str(len(body)).encode()


async def test_who_asks_for_much_and_reads_nothing_is_cut_off(port: int) -> None:
    async with wire(port) as one:
        await one.say("GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(8 * SHORT_S)
        assert len(await one.rest()) < BIG


@pytest.mark.parametrize("kind", ["line", "one header", "many headers"])
async def test_a_huge_head_is_refused(port: int, kind: str) -> None:
    huge = "x" * (2 * HEAD_BYTES)
    heads = {
        "line": f"GET /{huge} HTTP/1.1\r\nHost: x\r\n\r\n",
        "one header": f"GET /who HTTP/1.1\r\nHost: x\r\nA: {huge}\r\n\r\n",
        "many headers": "GET /who HTTP/1.1\r\nHost: x\r\n" + "A: b\r\n" * 6_000 + "\r\n",
    }
    async with wire(port) as one:
        await one.say(heads[kind])
        rest = await one.rest()
    # In one piece or in several, as the network likes it.
    assert not rest or rest.split()[1] in {b"400", b"414", b"431"}
    assert await _answers(port)


_POST = "POST /body HTTP/1.1\r\nHost: x\r\n"
SMUGGLED = {
    "both lengths": _POST + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "list of lengths": "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\nhello",
    "signed length": "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
    "other coding": "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two codings": "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "blank before the colon": "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
    "folded header": "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\tchunkedx\r\n\r\n0\r\n\r\n",
    "nul": "GET /who\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "no method": "get /who HTTP/1.1\r\nHost: x\r\n\r\n",
    "line feeds alone": "GET /who HTTP/1.1\nHost: x\n\n",
    "length of a chunk": _POST + "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
    "no host": "GET /who HTTP/1.1\r\n\r\n",
    "two hosts": "GET /who HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
}


@pytest.mark.parametrize("request_", SMUGGLED.values(), ids=SMUGGLED)
async def test_what_two_servers_may_read_differently_is_refused_and_the_connection_ended(
    port: int, request_: str
) -> None:
    async with wire(port) as one:
        await one.say(request_ + GET)
        rest = await one.rest()
    assert rest.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))
    assert rest.count(b"HTTP/1.1 ") == 1


async def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    async with wire(port) as one:
        await one.say(GET + "GET /none HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        assert [(await one.answer())[0] for _ in range(3)] == [200, 404, 200]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
async def test_other_methods_are_refused(port: int, method: str) -> None:
    async with wire(port) as one:
        await one.say(f"{method} /who HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, _ = await one.answer()
    assert status == 405
    assert set(headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert headers["cache-control"] == "no-store"


async def test_what_follows_a_chunked_body_is_no_header(port: int) -> None:
    body = "2\r\nok\r\n0\r\n" + "X-Forwarded-For: 203.0.113.9\r\nX-Much: x\r\n" * 50
    async with wire(port) as one:
        await one.say(f"POST /headers HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{body}\r\n")
        assert (await one.answer())[2] == b"host,transfer-encoding"
        await one.say(GET)
        assert (await one.answer())[0] == 200


async def test_a_client_that_would_rather_speak_http_2_is_answered_with_its_body_read(port: int) -> None:
    # As Java's HttpClient does by itself.
    upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"
    async with wire(port) as one:
        await one.say(GET)
        assert (await one.answer())[0] == 200
        for _ in range(2):
            await one.say(f"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n{upgrade}\r\nhe")
            await one.say("llo")
            status, _, body = await one.answer()
            assert (status, body) == (200, b"5")


async def test_also_a_connection_that_was_offered_for_http_2_has_its_limits(port: int) -> None:
    async with wire(port) as one:
        await one.say("GET /who HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        assert (await one.answer())[0] == 200
        await one.say("GET /wh")
        assert await one.is_closed()


async def test_an_overlong_address_is_refused(port: int) -> None:
    async with wire(port) as one:
        await one.say(f"GET /who?{'x' * 5_000} HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, _ = await one.answer()
    assert (status, headers["x-content-type-options"]) == (414, "nosniff")


async def test_silent_connections_are_pushed_out_by_those_that_ask() -> None:
    limits = ConnectionLimits(total=60, per_client=20, head_s=3_600)
    async with served(limits) as port, AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(wire(port)) for _ in range(100)]
        for _ in range(30):
            assert await _answers(port)
        # The oldest have gone first.
        assert await silent[0].is_closed()
        # Those of another address were not touched: the first one's many took places from himself alone.
        other = await stack.enter_async_context(wire(port))
        await other.say(GET)
        assert (await other.answer())[0] == 200


async def test_five_hundred_silent_connections_do_not_stop_the_others() -> None:
    async with served(settings=Gateway()) as port, AsyncExitStack() as stack:
        for _ in range(500):
            await stack.enter_async_context(wire(port))
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            answers = [await client.get(f"http://127.0.0.1:{port}/who") for _ in range(20)]
        assert {one.status_code for one in answers} == {200}


async def test_requests_that_are_being_answered_are_not_pushed_out() -> None:
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def slow(_: Request) -> Response:
        begun.release()
        await go_on.wait()
        return PlainTextResponse("done")

    port = free_port()
    app = application(needs_of(), [lambda _: [Route("/slow", slow)]])
    async with serving(Gateway(port=port), app, limits=ConnectionLimits(per_client=3)), AsyncExitStack() as stack:
        busy = [await stack.enter_async_context(wire(port)) for _ in range(3)]
        for one in busy:
            await one.say("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.acquire()
        more = await stack.enter_async_context(wire(port))
        await more.say(GET)
        assert await more.is_closed()
        go_on.set()
        for one in busy:
            assert (await one.answer())[0] == 200


async def test_bodies_that_do_not_come_stop_nobody() -> None:
    async with served(ConnectionLimits(total=150, per_client=150)) as port, AsyncExitStack() as stack:
        for _ in range(140):
            slow = await stack.enter_async_context(wire(port))
            await slow.say("POST /patient HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\nx")
        for _ in range(30):
            other = await stack.enter_async_context(wire(port))
            await other.say(GET)
            assert (await other.answer())[0] == 200


async def test_a_proxy_in_front_may_hold_as_many_as_there_are() -> None:
    limits = ConnectionLimits(per_client=2, head_s=60, proxies=Gateway(trusted_proxies="127.0.0.0/8").proxies)
    async with served(limits) as port, AsyncExitStack() as stack:
        several = [await stack.enter_async_context(wire(port)) for _ in range(10)]
        for one in several:
            await one.say(GET)
            assert (await one.answer())[0] == 200


@pytest.mark.parametrize(
    ("proxies", "headers", "seen"),
    [
        ("", {"X-Forwarded-For": "203.0.113.9"}, "127.0.0.1"),
        ("192.0.2.0/24", {"X-Forwarded-For": "203.0.113.9"}, "127.0.0.1"),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, "203.0.113.9"),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}, "203.0.113.9"),
        ("127.0.0.1,10.0.0.0/8", {"X-Forwarded-For": "203.0.113.9, 10.1.2.3"}, "203.0.113.9"),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}, "127.0.0.1"),
        ("127.0.0.1", {}, "127.0.0.1"),
    ],
)
async def test_only_named_proxies_say_who_asks(proxies: str, headers: dict[str, str], seen: str) -> None:
    settings = Gateway(trusted_proxies=proxies)
    async with served(settings=settings) as port, httpx.AsyncClient(trust_env=False, timeout=10) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/who", headers=headers)).text == seen


@pytest.mark.parametrize(
    "text", ["proxy.example", "10.0.0.0/33", "10.0.0.1/8", "0.0.0.0/0", "::/0", "10.0.0.1 10.0.0.2"]
)
def test_a_proxy_is_named_by_its_address(text: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        Gateway(trusted_proxies=text)


async def test_an_error_shows_nothing_and_no_log_holds_the_token(port: int, caplog: pytest.LogCaptureFixture) -> None:
    from relance.runtime.logs import TextFormatter  # noqa: PLC0415

    token = "v1.MjAyNi0xMS51MS5jMQ.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
    caplog.set_level(logging.DEBUG)
    async with wire(port) as one:
        await one.say(f"GET /broken/{token} HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, body = await one.answer()
    assert (status, body, headers["referrer-policy"]) == (500, b"Internal error", "no-referrer")
    written = [TextFormatter().format(record) for record in caplog.records]
    assert any("RuntimeError" in line for line in written)
    assert not any(token in line or "c2lnbmF0dXJl" in line for line in written)


async def test_too_many_at_once_are_asked_to_come_again() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await go_on.wait()
        await PlainTextResponse("done")(scope, receive, send)

    port = free_port()
    async with serving(Gateway(port=port), Guard(slow, at_once=1)), wire(port) as first, wire(port) as second:
        await first.say(GET)
        await begun.wait()
        await second.say(GET)
        status, headers, _ = await second.answer()
        assert (status, headers["retry-after"]) == (503, "1")
        go_on.set()
        assert (await first.answer())[0] == 200
        await second.say(GET)
        assert (await second.answer())[0] == 200
