"""The gateway's server, within the loop of a worker."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from relance.errors import SettingsError
from relance.gateway.limits.connections import HEAD_BYTES, ConnectionLimits, limited
from relance.settings.gateway import Gateway

DRAIN_S = 1
FULL_DRAIN_S = 10
STARTED_EVERY_S = 0.01
PEER = "relance.peer"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the worker, which has more to stop than this."""
        yield


@asynccontextmanager
async def serving(
    gateway: Gateway, app: Any, *, drain: int = DRAIN_S, limits: ConnectionLimits | None = None
) -> AsyncIterator[None]:
    """Serve an ASGI application for as long as the context lasts; nothing if the settings name no port.

    `drain` is how many seconds the requests in flight have at the end; `limits` are those of the settings.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    if gateway.port is None:
        yield
        return
    listener = listening_socket(gateway.host, gateway.port)
    server = _Server(
        uvicorn.Config(
            _noting_peer(app, gateway),
            http=limited(limits or _limits(gateway)),
            h11_max_incomplete_event_size=HEAD_BYTES,
            ws="none",
            lifespan="off",
            interface="asgi3",
            # A link is as good as what it leads to: no line of a log holds one.
            access_log=False,
            log_config=None,
            log_level="warning",
            # Ours is around it, see `_noting_peer`.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=drain,
        )
    )
    running = asyncio.create_task(server.serve(sockets=[listener]), name="gateway")
    try:
        while not server.started and not running.done():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(STARTED_EVERY_S)
        if running.done():
            await running
        yield
    finally:
        server.should_exit = True
        await running


def _noting_peer(app: Any, gateway: Gateway) -> ASGIApp:
    """Return an application that sees the client a trusted proxy names, and can still tell who is connected."""
    inner: ASGIApp = app
    if gateway.proxies:
        inner = ProxyHeadersMiddleware(app, trusted_hosts=[str(network) for network in gateway.proxies])  # type: ignore[assignment]

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        scope[PEER] = scope["client"][0] if scope.get("client") else ""
        await inner(scope, receive, send)

    return noting


def peer_of(scope: Scope) -> str:
    """Return the address that a request's connection comes from, whatever its headers say."""
    client = scope.get("client")
    return str(scope.get(PEER, client[0] if client else ""))


def _limits(gateway: Gateway) -> ConnectionLimits:
    return ConnectionLimits(
        total=gateway.connections, per_client=gateway.connections_per_client, proxies=gateway.proxies
    )


def listening_socket(host: str, port: int, setting: str = "RELANCE_GATEWAY__PORT") -> socket.socket:
    """Return a socket that listens on an address together with those of other processes of this user.

    Raises:
        SettingsError: it cannot; names the setting.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    # Every worker process of this machine listens, and the kernel deals the connections out: whichever is replaced,
    # the others go on. Somebody else's port stays taken, because both sides have to ask for it, as the same user.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"{setting}: {host} port {port} cannot be listened on ({error.strerror}); choose another one"
        ) from None
    return listener
