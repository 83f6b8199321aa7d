"""The Prometheus endpoint of a process: our metrics, then those of Temporal's core, in one answer."""

from __future__ import annotations

from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from relance.runtime.probe_server import ProbeAnswer, ProbeServer

CORE_TIMEOUT = 1.0
"""Seconds for the core's answer, which comes from the same process."""


class MetricsEndpoint(ProbeServer):
    """Serves `GET /metrics` until closed; port 0 takes a free one."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, *, core: str) -> None:
        def answer(path: str) -> ProbeAnswer | None:
            if path not in {"/", "/metrics"}:
                return None
            return ProbeAnswer(generate_latest(registry) + _core_metrics(core), CONTENT_TYPE_LATEST)

        super().__init__(host, port, "metrics", answer)
        self.url += "/metrics"


def _core_metrics(address: str) -> bytes:
    """Return the core's metrics, or nothing while it does not serve: ours are worth having alone."""
    with suppress(OSError, HTTPException), closing(HTTPConnection(address, timeout=CORE_TIMEOUT)) as connection:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        if answer.status == 200:
            return answer.read()
    return b""
