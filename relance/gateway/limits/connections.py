"""Limits of connections: a head must arrive in time, a request must end, and an idle connection gives way.

uvicorn has a time limit between requests (`timeout_keep_alive`) and none for a head that never comes, and its
`limit_concurrency` counts silent connections: a hundred of them made it refuse everybody.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, ClassVar, TypeAlias

from uvicorn.protocols.http.h11_impl import H11Protocol

from relance.gateway.limits.parsing import HeadedProtocol

Network: TypeAlias = IPv4Network | IPv6Network

HEAD_S = 5.0
"""Seconds for a request line and its headers, from the connection or from the first byte after a request."""

REQUEST_S = 30.0
"""Seconds from the end of the head to the end of both the body and the answer, however slowly that is read."""

STREAMS = "is_stream"
"""The attribute of a request's `state` by which an application says that its answer lasts."""

HEAD_BYTES = 16_384
"""Most bytes of a request line and its headers."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections a process holds, in all and of one address, and for how many seconds.

    `proxies` are in front of us: behind their addresses stand many clients.
    """

    total: int = 500
    per_client: int = 100
    head_s: float = HEAD_S
    request_s: float = REQUEST_S
    proxies: tuple[Network, ...] = ()


class LimitedConnection(asyncio.Protocol):
    """Wraps a protocol of uvicorn (httptools or h11) and adds one timer, which the state of the request sets.

    A new connection pushes out the oldest that has not sent a whole request, of its own address first: whoever opens
    many silent connections takes them from himself. If all are being answered, the new one is closed.
    """

    limits: ClassVar[ConnectionLimits] = ConnectionLimits()

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    client: tuple[str, int] | None
    connections: set[Any]
    cycle: Any

    since: float = 0.0
    is_silent: bool = True
    _timer: asyncio.TimerHandle | None = None
    _watched: Any = None
    _head_bytes: int = 0

    @property
    def waits_for_client(self) -> bool:
        """Whether a head or a body is still to come."""
        return self.is_silent or (self.cycle is not None and self.cycle.more_body)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the time of the first head, and make room."""
        super().connection_made(transport)
        self.since = time.monotonic()
        self._arm(self.limits.head_s)
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; those of a head that has begun do not prolong its time."""
        if self.transport.is_closing():
            # Closed by us, and the rest is still in the pipe.
            return
        self._head_bytes += len(data) if self.is_silent else 0
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            self._disarm()
            return
        self._watch(data_came=True)
        if self.is_silent and self._head_bytes > HEAD_BYTES:
            self.transport.abort()

    def on_response_complete(self) -> None:
        """Wait for the next head; uvicorn's own time limit holds until its first byte."""
        super().on_response_complete()  # type: ignore[misc]
        self._watch(data_came=False)

    def _watch(self, *, data_came: bool) -> None:
        if self.cycle is not None and (self.cycle.more_body or not self.cycle.response_complete):
            if self.is_silent or self.cycle is not self._watched:
                self._watched = self.cycle
                self._arm(self.limits.request_s)
            self.is_silent = False
        elif self.is_silent:
            if data_came and self._timer is None:
                self._arm(self.limits.head_s)
        elif not self._is_unread():
            self._fall_silent()
            if data_came:
                self._arm(self.limits.head_s)

    def _is_unread(self) -> bool:
        # uvicorn counts an answer as complete once it is in the buffer of the transport.
        return self.transport.get_write_buffer_size() > 0

    def _fall_silent(self) -> None:
        self.is_silent, self.since, self._head_bytes = True, time.monotonic(), 0
        self._disarm()

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, self._expired)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expired(self) -> None:
        self._timer = None
        is_read_after_all = not self.is_silent and self.cycle.response_complete and not self.cycle.more_body
        if is_read_after_all and not self._is_unread():
            self._fall_silent()
            return
        if self._streams() and not self._is_unread():
            # Events for as long as somebody takes them.
            self._arm(self.limits.request_s)
            return
        # Not `close`: that waits until a client that reads nothing has read everything.
        self.transport.abort()

    def _streams(self) -> bool:
        return self.cycle is not None and self.cycle.scope.get("state", {}).get(STREAMS, False)

    def _make_room(self) -> None:
        host = self.client[0] if self.client else None
        mine = [connection for connection in self.connections if connection.client and connection.client[0] == host]
        if len(mine) > self.limits.per_client and not self._is_proxy(host):
            self._push_out(mine)
        elif len(self.connections) > self.limits.total:
            self._push_out(list(self.connections))

    def _push_out(self, candidates: list[LimitedConnection]) -> None:
        waiting = [candidate for candidate in candidates if candidate is not self and candidate.waits_for_client]
        given_up = min(waiting, key=lambda connection: connection.since, default=self)
        # Counted out at once: the loop tells it of its end only later.
        self.connections.discard(given_up)
        given_up.transport.abort()

    def _is_proxy(self, host: str | None) -> bool:
        try:
            address = ip_address(host or "")
        except ValueError:
            # A socket of this machine's file system.
            return True
        return any(address in network for network in self.limits.proxies)


def limited(limits: ConnectionLimits) -> type[asyncio.Protocol]:
    """Return a protocol of uvicorn with these limits, for `uvicorn.Config(http=...)`."""
    slower = type("LimitedH11", (LimitedConnection, H11Protocol), {"limits": limits})
    return type("LimitedConnection", (LimitedConnection, HeadedProtocol), {"limits": limits, "fallback": slower})
