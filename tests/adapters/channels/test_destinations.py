"""Forty ways to make us call somebody we must not call, and nobody is called (OWASP; SPEC section 13)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest

from relance.adapters.channels.destinations import Resolve, is_public, resolve
from relance.adapters.channels.http import ChannelHttp, GuardedTransport
from relance.errors import ChannelRefused, ChannelUnavailable
from relance.settings.channels import Channels
from tests.support.smtp_relay import CERTIFICATE

FORBIDDEN = [
    # loopback, in every notation the resolver knows
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.255.255.254/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://localhost/",
    "https://LOCALHOST:8443/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::]/",
    "https://0.0.0.0/",
    "https://0/",
    # private, shared and link-local
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.170.2/",
    "https://0xa9fea9fe/",
    "https://100.100.100.200/",
    "https://168.63.129.16/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[fec0::1]/",
    # IPv4 within IPv6
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "https://[2606:4700::5efe:7f00:1]/",
    # multicast, broadcast, documentation, benchmarks
    "https://224.0.0.1/",
    "https://[ff02::1]/",
    "https://255.255.255.255/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://[2001:db8::1]/",
    # no TLS, other schemes, a user name that looks like the host
    "http://hooks.example/",
    "http://93.184.215.14/",
    "ftp://93.184.215.14/",
    "file:///etc/passwd",
    "gopher://93.184.215.14/",
    "https://93.184.215.14@127.0.0.1/",
    "https://hooks.example:secret@93.184.215.14/",
    "//93.184.215.14/",
    "https:///path",
    "https://127.0.0.1:99999/",
    "",
]


class Counting(httpx.AsyncBaseTransport):
    """Connects to nobody and notes who was to be connected to."""

    def __init__(self, fails: tuple[str, ...] = ()) -> None:
        self.seen: list[httpx.URL] = []
        self.sni: list[object] = []
        self.hosts: list[str] = []
        self._fails = fails

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request.url)
        self.sni.append(request.extensions.get("sni_hostname"))
        self.hosts.append(request.headers["host"])
        if request.url.host in self._fails:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, stream=httpx.ByteStream(b"ok"))


class Resolver:
    """Answers in turn, and at last the same again."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        if not answer:
            raise socket.gaierror
        return answer


def _over(inner: httpx.AsyncBaseTransport, look_up: Resolve = resolve, *, local: str = "") -> ChannelHttp:
    settings = Channels(local_hosts=local, timeout=2, connect_timeout=1)
    return ChannelHttp(settings, GuardedTransport(inner, settings.local_host_names, look_up))


async def _post(http: ChannelHttp, url: str) -> None:
    await http.post("slack", url, b"{}", {})


def test_there_are_at_least_forty() -> None:
    assert len(set(FORBIDDEN)) >= 40


@pytest.mark.parametrize("url", FORBIDDEN)
async def test_a_forbidden_destination_is_refused_without_a_connection(url: str) -> None:
    inner = Counting()
    http = _over(inner)
    # A machine without IPv6 cannot resolve some; that is no connection either.
    with pytest.raises((ChannelRefused, ChannelUnavailable)) as caught:
        await _post(http, url)
    assert inner.seen == []
    assert url not in str(caught.value) or not url


@pytest.mark.parametrize(
    "answer",
    [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::ffff:10.0.0.1"], ["fe80::1%eth0"], ["64:ff9b::a00:1"], []],
)
async def test_a_public_name_with_one_private_address_is_refused(answer: list[str]) -> None:
    inner = Counting()
    with pytest.raises((ChannelRefused, ChannelUnavailable)):
        await _post(_over(inner, Resolver(answer)), "https://hooks.example/x")
    assert inner.seen == []


async def test_a_name_that_resolves_differently_the_second_time_is_asked_once_only() -> None:
    inner, resolver = Counting(), Resolver(["93.184.215.14"], ["127.0.0.1"])
    await _post(_over(inner, resolver), "https://hooks.example/x")
    assert [url.host for url in inner.seen] == ["93.184.215.14"]
    assert resolver.asked == [("hooks.example", 443)]


async def test_the_connection_is_to_the_checked_address_and_tls_and_host_keep_the_name() -> None:
    inner = Counting()
    await _post(_over(inner, Resolver(["2606:2800:21f:cb07::1"])), "https://höoks.example:8443/a?b=c")
    assert str(inner.seen[0]) == "https://[2606:2800:21f:cb07::1]:8443/a?b=c"
    assert inner.sni == ["xn--hoks-5qa.example"]
    assert inner.hosts == ["xn--hoks-5qa.example:8443"]


async def test_the_next_address_is_tried_when_the_first_does_not_accept() -> None:
    inner = Counting(fails=("93.184.215.14",))
    await _post(_over(inner, Resolver(["93.184.215.14", "93.184.215.15"])), "https://hooks.example/")
    assert [url.host for url in inner.seen] == ["93.184.215.14", "93.184.215.15"]
    with pytest.raises(ChannelUnavailable):
        await _post(_over(inner, Resolver(["93.184.215.14"])), "https://hooks.example/")


@pytest.mark.parametrize(
    ("local", "url", "called"),
    [
        ("127.0.0.1:8025", "http://127.0.0.1:8025/x", True),
        ("127.0.0.1", "http://127.0.0.1:8026/x", True),
        ("mattermost.lan", "https://mattermost.lan/hooks/x", True),
        ("127.0.0.1:8025", "http://127.0.0.1:8026/x", False),
        ("127.0.0.1:8025", "http://localhost:8025/x", False),
        ("127.0.0.1:8025", "http://127.0.0.1:8025@10.0.0.1/x", False),
        ("127.0.0.1", "http://127.0.0.1.evil.example/x", False),
    ],
)
async def test_only_the_hosts_the_settings_name_may_be_local(local: str, url: str, called: bool) -> None:
    inner = Counting()
    http = _over(inner, Resolver(["10.0.0.1"]), local=local)
    if called:
        await _post(http, url)
    else:
        with pytest.raises(ChannelRefused):
            await _post(http, url)
    assert len(inner.seen) == called


@pytest.fixture
async def listening() -> AsyncIterator[tuple[int, list[str]]]:
    """A TLS server on 127.0.0.1 with a certificate for localhost, and the requests it has read."""
    requests: list[str] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1], requests


async def test_a_certificate_is_checked_against_the_name_not_the_address(listening: tuple[int, list[str]]) -> None:
    port, requests = listening
    for host, trusted in (("localhost", True), ("hooks.example", False)):
        inner = httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cafile=str(CERTIFICATE)))
        http = _over(inner, Resolver(["127.0.0.1"]), local=f"{host}:{port}")
        if trusted:
            await _post(http, f"https://{host}:{port}/")
        else:
            with pytest.raises(ChannelUnavailable):
                await _post(http, f"https://{host}:{port}/")
        await http.close()
    (request,) = requests
    assert f"Host: localhost:{port}\r\n" in request


async def test_a_server_on_this_machine_sees_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        http = ChannelHttp(Channels(timeout=2, connect_timeout=1))
        for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
            with pytest.raises((ChannelRefused, ChannelUnavailable)):
                await _post(http, f"https://{host}:{port}/")
        await http.close()
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("8.8.8.8", True),
        ("2606:2800:21f:cb07::1", True),
        ("2a00:1450:4007:80e::200e", True),
        ("192.88.99.1", False),
        ("240.0.0.1", False),
        ("::ffff:8.8.8.8", False),
        ("64:ff9b::808:808", False),
        ("2002:808:808::1", False),
        ("2001:0:1::1", False),
        ("2606:4700::200:5efe:808:808", False),
        ("2606:4700::1%eth0", False),
        ("nonsense", False),
    ],
)
def test_what_counts_as_public(address: str, public: bool) -> None:
    assert is_public(address) is public
