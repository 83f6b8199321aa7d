"""The probe port answers whoever asks, however many connections say nothing (SPEC G5)."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from relance.runtime.probe_server import AT_ONCE, ProbeAnswer, ProbeServer
from tests.support.patience import PATIENCE_S

SHORT_S = 0.5


@pytest.fixture
def probe() -> Iterator[ProbeServer]:
    server = ProbeServer(
        "127.0.0.1", 0, "probe", lambda path: ProbeAnswer(path.encode(), "text/plain"), request_s=SHORT_S
    )
    yield server
    server.close()


@contextmanager
def connection(server: ProbeServer) -> Iterator[socket.socket]:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as one:
        yield one


def asked(server: ProbeServer) -> bytes:
    with urllib.request.urlopen(f"{server.url}/live", timeout=PATIENCE_S) as answer:
        return bytes(answer.read())


def ended(one: socket.socket) -> bool:
    try:
        return one.recv(1000) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("said", [b"", b"GET /li", b"GET /live HTTP/1.1\r\nHost: x\r\n"])
def test_who_says_nothing_more_is_cut_off(probe: ProbeServer, said: bytes) -> None:
    with connection(probe) as one:
        one.sendall(said)
        assert ended(one)


def test_who_says_it_byte_by_byte_has_no_more_time(probe: ProbeServer) -> None:
    with connection(probe) as one:
        one.settimeout(SHORT_S / 10)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                one.sendall(b"X")
                if one.recv(1000) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    raise AssertionError("it was never cut off")


def test_silent_connections_do_not_stop_the_others() -> None:
    server = ProbeServer("127.0.0.1", 0, "probe", lambda _: ProbeAnswer(b"well", "text/plain"), request_s=60)
    before = threading.active_count()
    with ExitStack() as stack:
        for _ in range(3 * AT_ONCE):
            stack.enter_context(connection(server))
        for _ in range(5):
            assert asked(server) == b"well"
        assert threading.active_count() - before <= 3 * AT_ONCE
        deadline = time.monotonic() + PATIENCE_S
        while threading.active_count() - before > AT_ONCE + 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert threading.active_count() - before <= AT_ONCE + 1
    server.close()
