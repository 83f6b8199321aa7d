"""The kind of trouble, of real sockets."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest

from relance.adapters.http_trouble import trouble
from tests.support.smtp_relay import CERTIFICATE


async def failing(url: str, seconds: float = 5) -> str:
    async with httpx.AsyncClient(timeout=seconds, trust_env=False) as client:
        with pytest.raises((httpx.HTTPError, httpx.InvalidURL)) as caught:
            await client.get(url)
    return trouble(caught.value)


async def test_nobody_listens() -> None:
    assert await failing("http://127.0.0.1:9") == "connection"


async def test_a_name_without_an_address() -> None:
    assert await failing("http://no-such-host.invalid") == "dns"


async def test_an_address_that_is_none() -> None:
    assert await failing("http://[::1") == "bad-address"


async def test_a_certificate_nobody_vouches_for() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await failing(f"https://localhost:{port}") == "tls"


async def test_a_server_that_says_nothing() -> None:
    async def silence(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await failing(f"http://127.0.0.1:{port}", seconds=0.1) == "timeout"
        assert trouble(TimeoutError()) == "timeout"
