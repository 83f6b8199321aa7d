"""A small HTTP server in a thread of its own: for metrics and health, which must answer while the loop is stuck."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one GET."""

    body: bytes
    content_type: str
    status: HTTPStatus = HTTPStatus.OK


class ProbeServer:
    """Serves until closed; port 0 takes a free one. `answer` gives what is at a path, None if there is nothing.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, host: str, port: int, name: str, answer: Callable[[str], Answer | None]) -> None:
        class Handler(BaseHTTPRequestHandler):
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

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, name=name, daemon=True).start()

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
