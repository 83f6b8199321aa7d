"""Servers that answer without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from pydantic import SecretStr

from relance.adapters.breaker import Breakers
from relance.adapters.everflow import client
from relance.adapters.everflow.client import EverflowClient
from relance.errors import ReportUnavailable, ReportUnusable
from relance.settings.everflow import Everflow
from relance.settings.pacing import Breaking

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@asynccontextmanager
async def _endless(piece: bytes, pause: float) -> AsyncIterator[str]:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(HEAD)
            for _piece in range(100_000 // len(piece)):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def _opened(url: str, seconds: float) -> EverflowClient:
    settings = Everflow(base_url=url, api_key=SecretStr("k"), timeout=seconds)
    return EverflowClient(settings, Breakers(Breaking()).rare("everflow"))


async def test_an_answer_that_trickles_is_given_up_although_every_read_brings_something() -> None:
    async with _endless(b" ", 0.05) as url:
        opened = _opened(url, 0.4)
        begun = asyncio.get_running_loop().time()
        with pytest.raises(ReportUnavailable, match="no whole answer within"):
            await opened.ask("GET", "/v1/networks")
        assert asyncio.get_running_loop().time() - begun < 2
        await opened.close()


async def test_an_answer_beyond_all_measure_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 10_000)
    async with _endless(b" " * 1000, 0.001) as url:
        opened = _opened(url, 5)
        with pytest.raises(ReportUnusable) as caught:
            await opened.ask("GET", "/v1/networks")
        assert caught.value.reason == "too_large"
        await opened.close()
