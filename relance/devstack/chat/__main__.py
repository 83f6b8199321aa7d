"""`python -m relance.devstack.chat --http-port P`: serve until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from relance.devstack.chat.api import application
from relance.devstack.chat.store import ChatStore
from relance.runtime.core_dumps import forbid_core_dumps

HOST = "127.0.0.1"


class ChatConnections:
    """The open connections, so that one can be cut without an answer, which ASGI has no word for."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def drop(self, host: str, port: int) -> None:
        """Cut the connection that comes from this host and port."""
        self._open[host, port].abort()

    def protocol(self) -> type[asyncio.Protocol]:
        """Return uvicorn's protocol, with its connections noted here."""
        opened = self._open

        class Noted(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                self._peer = transport.get_extra_info("peername")[:2]
                opened[self._peer] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                opened.pop(self._peer, None)
                super().connection_lost(exc)

        return Noted


def main() -> None:
    """Read the command line and serve."""
    forbid_core_dumps()
    parser = argparse.ArgumentParser(description="A chat that keeps what is posted to it and fails on demand.")
    parser.add_argument("--http-port", type=int, required=True)
    connections = ChatConnections()
    uvicorn.run(
        application(ChatStore(), connections.drop),
        host=HOST,
        port=parser.parse_args().http_port,
        http=connections.protocol(),
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
