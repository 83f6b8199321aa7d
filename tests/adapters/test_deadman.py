"""The call that all is well goes where the settings say, under the rules of webhooks, and never says where."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from relance.adapters.deadman import call_deadman
from relance.errors import DependencyUnavailable
from relance.settings import Settings

TOKEN = "a-secret-token"


class Service:
    """Answers with a status, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[str] = []
        self.port = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.decode().splitlines()[0])
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    server = await asyncio.start_server(service.take, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    yield service
    server.close()
    await server.wait_closed()


def settings(url: str | None, local: str = "") -> Settings:
    return Settings.model_validate({"watchdog": {"deadman_url": url}, "channels": {"local_hosts": local}})


async def test_without_an_address_nobody_is_called() -> None:
    assert await call_deadman(settings(None)) is False


async def test_it_is_one_post(service: Service) -> None:
    here = f"127.0.0.1:{service.port}"
    assert await call_deadman(settings(f"http://{here}/ping/{TOKEN}", here)) is True
    assert service.asked == [f"POST /ping/{TOKEN} HTTP/1.1"]


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_any_other_answer_is_none_and_the_error_keeps_the_address_to_itself(
    service: Service, status: int
) -> None:
    service.status = status
    here = f"127.0.0.1:{service.port}"
    with pytest.raises(DependencyUnavailable, match="dead-man service") as caught:
        await call_deadman(settings(f"http://{here}/ping/{TOKEN}", here))
    assert TOKEN not in str(caught.value)
    assert len(service.asked) == 1


async def test_a_private_address_is_not_called_unless_it_is_named(service: Service) -> None:
    for url in (f"http://127.0.0.1:{service.port}/{TOKEN}", f"https://127.0.0.1:{service.port}/{TOKEN}"):
        with pytest.raises(DependencyUnavailable) as caught:
            await call_deadman(settings(url))
        assert TOKEN not in str(caught.value)
    assert service.asked == []
