"""What every request passes first: nothing ambiguous, not too many at once; careful headers on the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relance.gateway.headers import SAFE
from relance.gateway.limits.connections import HEAD_BYTES

AT_ONCE = 100
"""Requests that are answered at the same time; silent connections are none, and none whose body is still to come."""

LONGEST_TARGET = 4_096
EVENT_STREAM = b"text/event-stream"

_CLOSE = {"Connection": "close"}
_CAREFUL = [(name.lower().encode(), value.encode()) for name, value in {**SAFE, "Cache-Control": "no-store"}.items()]


class Guard:
    """ASGI middleware; what it refuses itself has the same headers as everything else."""

    def __init__(self, app: ASGIApp, *, at_once: int = AT_ONCE) -> None:
        self._app = app
        self._at_once = at_once
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        careful = _careful(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, careful)
            return

        async def receiving() -> Message:
            # A request with a slow body takes no place of others.
            self._running -= 1
            try:
                return await receive()
            finally:
                self._running += 1

        is_stream = False

        async def sending(message: Message) -> None:
            # What lasts takes no place either; who serves it has a limit of its own.
            nonlocal is_stream
            if message["type"] == "http.response.start" and is_event_stream(message["headers"]):
                is_stream = True
                self._running -= 1
            await careful(message)

        self._running += 1
        try:
            await self._app(scope, receiving, sending)
        finally:
            self._running -= 0 if is_stream else 1

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        names = [name for name, _ in scope["headers"]]
        if b"transfer-encoding" in names and b"content-length" in names:
            # A proxy in front may use one of the headers and we the other: so requests are smuggled (RFC 9112 6.3).
            return _refused(400, "Bad request", _CLOSE)
        hosts = names.count(b"host")
        if hosts > 1 or (hosts == 0 and scope["http_version"] == "1.1"):
            # RFC 9112 3.2; the parser lets both pass.
            return _refused(400, "Bad request", _CLOSE)
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_TARGET:
            return _refused(414, "Address too long", _CLOSE)
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > HEAD_BYTES:
            # The parser limits what is incomplete alone, and takes a long head that comes at once.
            return _refused(431, "Headers too large", _CLOSE)
        if self._running >= self._at_once:
            return _refused(503, "Try again later", {"Retry-After": "1"})
        return None


def is_event_stream(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether an answer is a stream of events, which lasts as long as somebody listens."""
    return any(name.lower() == b"content-type" and value.startswith(EVENT_STREAM) for name, value in headers)


def _refused(status: int, words: str, headers: Mapping[str, str]) -> PlainTextResponse:
    return PlainTextResponse(words, status, headers=dict(headers))


def _careful(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            there = {name for name, _ in headers}
            message["headers"] = [*headers, *(header for header in _CAREFUL if header[0] not in there)]
        await send(message)

    return sending
