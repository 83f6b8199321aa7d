"""HTTP liveness and readiness of a worker process: `/live`, `/ready`; 200 or 503, and JSON that says why (SPEC H2)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from relance.runtime.liveness import Liveness
from relance.runtime.probe_server import ProbeAnswer, ProbeServer


class HealthEndpoint(ProbeServer):
    """Serves until closed, from a thread of its own: a loop that is stuck must not keep it from saying so.

    Port 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, host: str, port: int, liveness: Liveness) -> None:
        super().__init__(host, port, "health", lambda path: _answer(path, liveness))


def _answer(path: str, liveness: Liveness) -> ProbeAnswer | None:
    look = {"/live": _live, "/ready": _ready}.get(path)
    if look is None:
        return None
    well, data = look(liveness)
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return ProbeAnswer(json.dumps(data).encode(), "application/json", status)


def _live(liveness: Liveness) -> tuple[bool, dict[str, Any]]:
    live = liveness.live
    return live, {"live": live, "tick_age_s": round(liveness.clock() - liveness.ticked, 3)}


def _ready(liveness: Liveness) -> tuple[bool, dict[str, Any]]:
    missing = liveness.missing
    return not missing, {"ready": not missing, "missing": missing}
