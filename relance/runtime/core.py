"""The SDK's Rust core in a process that collects nothing: no metrics, no traces, no log of its own.

`relance.runtime.telemetry` has the one that collects; importing its exporters takes as long as most commands run.
"""

from __future__ import annotations

from functools import cache

from temporalio.runtime import Runtime, TelemetryConfig


@cache
def plain_runtime() -> Runtime:
    """Return the runtime of a process that says itself what it could not reach."""
    return Runtime(telemetry=TelemetryConfig(logging=None))
