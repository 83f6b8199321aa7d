"""HTTP liveness and readiness of a worker process: `/live`, `/ready`; 200 or 503, and JSON that says why (SPEC H2)."""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from relance.runtime.vitals import Vitals


class HealthEndpoint:
    """Serves until closed, from a thread of its own: a loop that is stuck must not keep it from saying so.

    Port 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, host: str, port: int, vitals: Vitals) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = {"/live": _live, "/ready": _ready}.get(self.path.split("?")[0])
                if answer is None:
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                well, data = answer(vitals)
                body = json.dumps(data).encode()
                self.send_response(HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                """Stay silent: a probe is no event."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()


def _live(vitals: Vitals) -> tuple[bool, dict[str, Any]]:
    live = vitals.live
    return live, {"live": live, "tick_age_s": round(vitals.clock() - vitals.ticked, 3)}


def _ready(vitals: Vitals) -> tuple[bool, dict[str, Any]]:
    missing = vitals.missing
    return not missing, {"ready": not missing, "missing": missing}
