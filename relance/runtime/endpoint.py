"""The Prometheus endpoint of a process: our metrics, then those of Temporal's core, in one answer."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

CORE_TIMEOUT = 1.0
"""Seconds for the core's answer, which comes from the same process."""


class MetricsEndpoint:
    """Serves `GET /metrics` until closed; port 0 takes a free one."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, *, core: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.split("?")[0] not in {"/", "/metrics"}:
                    self.send_error(404)
                    return
                body = generate_latest(registry) + _core_metrics(core)
                self.send_response(200)
                self.send_header("Content-Type", CONTENT_TYPE_LATEST)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                """Stay silent: a scrape is no event."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_port}/metrics"
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()


def _core_metrics(address: str) -> bytes:
    """Return the core's metrics, or nothing while it does not serve: ours are worth having alone."""
    with suppress(OSError, HTTPException), closing(HTTPConnection(address, timeout=CORE_TIMEOUT)) as connection:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        if answer.status == 200:
            return answer.read()
    return b""
