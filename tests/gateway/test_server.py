"""The gateway's server in the loop and among the processes of the workers."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from relance.devstack.processes import free_port
from relance.errors import SettingsError
from relance.gateway.application import application
from relance.gateway.server import serving
from relance.settings.gateway import Gateway
from tests.support.gateway_needs import needs_of
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
APP = application(needs_of(verify_attachment=lambda _: ("k", "f")))


@contextmanager
def child(port: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-m", "tests.gateway.child", str(port)], cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


async def who_answers(port: int) -> str:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        return (await client.get(f"http://127.0.0.1:{port}/attachments/x")).text


async def answering(port: int, wanted: set[str]) -> None:
    """Ask, each time over a new connection, until all of these have answered."""
    seen: set[str] = set()
    async with asyncio.timeout(PATIENCE_S):
        while not wanted <= seen:
            try:
                seen.add(await who_answers(port))
            except httpx.TransportError:
                await asyncio.sleep(0.05)


async def test_several_processes_share_the_port_and_each_can_go() -> None:
    port = free_port()
    with child(port) as one, child(port) as other:
        await answering(port, {str(one.pid), str(other.pid)})
        one.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(one.wait, PATIENCE_S) == 0
        assert {await who_answers(port) for _ in range(20)} == {str(other.pid)}
        with child(port) as replaced:
            await answering(port, {str(replaced.pid), str(other.pid)})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_port_somebody_else_has_is_a_wrong_setting(host: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.bind((host, 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"RELANCE_GATEWAY__PORT: {host} port {port} cannot be listened on"):
            async with serving(Gateway(host=host, port=port), APP):
                raise AssertionError("must not start")


async def test_a_host_that_is_not_ours_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match=r"192\.0\.2\.1 port"):
        async with serving(Gateway(host="192.0.2.1", port=free_port()), APP):
            raise AssertionError("must not start")


async def test_it_leaves_signals_and_logging_alone_and_frees_its_port() -> None:
    port = free_port()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    tasks = asyncio.all_tasks()
    for _ in range(2):
        async with serving(Gateway(port=port), APP):
            assert {number: signal.getsignal(number) for number in handlers} == handlers
            assert await who_answers(port) == "Not found"
    with pytest.raises(httpx.ConnectError):
        await who_answers(port)
    assert asyncio.all_tasks() == tasks


async def test_a_connection_that_says_nothing_does_not_hold_up_the_stop() -> None:
    port = free_port()
    async with asyncio.timeout(PATIENCE_S):
        async with serving(Gateway(port=port), APP):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /attachments/x HTTP/1.1\r\nHost:")
            await writer.drain()
        writer.close()


async def test_without_a_port_nothing_is_served() -> None:
    before = asyncio.all_tasks()
    async with serving(Gateway(), APP):
        assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    "url",
    ["http://relance.example", "ftp://relance.example", "relance.example", "https://", "https://a:b@relance.example",
     "https://relance.example/?x=1", "https://relance.example/#x"],
)  # fmt: skip
def test_links_lead_to_an_encrypted_address_only(url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        Gateway(public_url=url)


def test_a_public_address_may_have_a_path() -> None:
    assert Gateway(public_url="https://relance.example/alerts/").public_url == "https://relance.example/alerts"
    assert Gateway(public_url="http://127.0.0.1:8080").public_url == "http://127.0.0.1:8080"
