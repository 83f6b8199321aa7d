"""What an answer means, and how much of one is read."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from relance.adapters.channels.http import MOST_BYTES, ChannelHttp, retry_after
from relance.devstack.chat.client import Chat
from relance.devstack.chat.models import ChatFault
from relance.errors import ChannelError, ChannelGone, ChannelRefused, ChannelUnavailable
from relance.settings.channels import Channels

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, ChannelUnavailable) for status in (408, 425, 429, 500, 502, 503, 504, 529)),
        *((status, ChannelRefused) for status in (300, 301, 302, 304, 307, 308, 400, 401, 403, 413, 422)),
        (404, ChannelGone),
        (410, ChannelGone),
    ],
)
async def test_a_status_means(status: int, error: type[ChannelError], chat: Chat, channel_http: ChannelHttp) -> None:
    elsewhere = {"location": f"{chat.url}/json/elsewhere"} if status in range(300, 400) else {}
    await chat.add_fault(ChatFault(status=status, headers=elsewhere, times=1))
    with pytest.raises(ChannelError) as caught:
        await channel_http.post("slack", f"{chat.url}/json/x", b'{"a": 1}', {})
    assert type(caught.value) is error
    assert str(status) in caught.value.detail
    assert (await chat.stats()).tries == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 30}, None),
        ({"retry-after": "Sat, 21 Nov 2026 08:02:00 GMT"}, 120.0),
        ({"retry-after": "Sat, 21 Nov 2026 07:00:00 GMT"}, 0.0),
        # The server's clock is an hour ahead of ours.
        ({"retry-after": "Sat, 21 Nov 2026 09:02:00 GMT", "date": "Sat, 21 Nov 2026 09:00:00 GMT"}, 120.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


async def test_the_reason_in_one_word_is_passed_on_and_nothing_else(chat: Chat, channel_http: ChannelHttp) -> None:
    for body, shown in (("channel_is_archived", True), ("see https://internal.example/?token=1", False)):
        await chat.add_fault(ChatFault(status=403, body=body, times=1))
        with pytest.raises(ChannelRefused) as caught:
            await channel_http.post("slack", f"{chat.url}/json/x", b"{}", {})
        assert (body in str(caught.value)) is shown


async def test_no_log_tells_where_a_channel_is(
    chat: Chat, channel_http: ChannelHttp, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await channel_http.post("slack", f"{chat.url}/json/topsecret", b"{}", {})
    assert [record for record in caplog.records if record.name.startswith("httpcore")]
    assert "topsecret" not in caplog.text


Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x" * 65_536)
        await writer.drain()


async def _dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Reply], Awaitable[tuple[ChannelHttp, str]]]]:
    servers: list[asyncio.Server] = []
    opened: list[ChannelHttp] = []

    async def run(reply: Reply) -> tuple[ChannelHttp, str]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                await reply(writer)
            except ConnectionError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        servers.append(server)
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        opened.append(ChannelHttp(Channels(local_hosts=host, timeout=1, connect_timeout=1)))
        return opened[-1], f"http://{host}/"

    yield run
    for http in opened:
        await http.close()
    for server in servers:
        server.close()


async def test_an_endless_answer_is_cut(serve: Callable[[Reply], Awaitable[tuple[ChannelHttp, str]]]) -> None:
    http, address = await serve(_endless)
    answer = await http.post("slack", address, b"{}", {})
    assert len(answer.body) == MOST_BYTES


async def test_an_answer_that_drips_is_given_up_in_time(
    serve: Callable[[Reply], Awaitable[tuple[ChannelHttp, str]]],
) -> None:
    http, address = await serve(_dripping)
    begun = time.monotonic()
    with pytest.raises(ChannelUnavailable):
        await http.post("slack", address, b"{}", {})
    assert time.monotonic() - begun < 3
