"""A small HTTP server in a thread of its own: for metrics and health, which must answer while the loop is stuck."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What is said to one GET."""

    body: bytes
    content_type: str
    status: HTTPStatus = HTTPStatus.OK


REQUEST_S = 5.0
"""Seconds for a whole request and its answer, and for each read."""

AT_ONCE = 32
"""Connections at the same time, each of which has a thread; the oldest gives way to a new one."""


class _ProbeServer(ThreadingHTTPServer):
    """A server whose connections end: silent ones, slow ones, and the oldest of too many."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], request_s: float) -> None:
        self._request_s = request_s
        self._open: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note when the connection began, and make room for it."""
        with self._lock:
            if len(self._open) >= AT_ONCE:
                # Its thread may take a while to close it; the next one to come must not choose it again.
                oldest = min(self._open, key=self._open.__getitem__)
                del self._open[oldest]
                _cut(oldest)
            self._open[request] = time.monotonic()
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and end it."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Close connections that have taken too long; called twice a second."""
        late = time.monotonic() - self._request_s
        with self._lock:
            for request in [request for request, since in self._open.items() if since < late]:
                _cut(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: somebody who goes away in the middle is no event."""


def _cut(request: socket.socket) -> None:
    # Its thread wakes up with the end of the stream, and closes it.
    with contextlib.suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


class ProbeServer:
    """Serves until closed; port 0 takes a free one. `answer` gives what is at a path, None if there is nothing.

    Raises:
        OSError: the port is taken.
    """

    def __init__(
        self,
        host: str,
        port: int,
        name: str,
        answer: Callable[[str], ProbeAnswer | None],
        *,
        request_s: float = REQUEST_S,
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = request_s

            def do_GET(self) -> None:
                said = answer(self.path.split("?")[0])
                if said is None:
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                self.send_response(said.status)
                self.send_header("Content-Type", said.content_type)
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                """Stay silent: being asked is no event."""

        self._server = _ProbeServer((host, port), Handler, request_s)
        self.url = f"http://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, name=name, daemon=True).start()

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
