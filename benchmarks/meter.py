"""Processor time and memory of everything that takes part, by kind of process."""

from __future__ import annotations

import os

import psutil

from tests.support.worker_process import WorkerProcess

SERVERS = {"mongod": "mongod", "temporal": "temporal", "smtp-sink": "sink"}


def cpu_by_process(worker: WorkerProcess, own_sink_guard: int | None) -> dict[str, float]:
    """Return the seconds of processor time used so far by worker, mongod, temporal, sink and this harness."""
    found = {"worker": worker.cpu_s(), "harness": _seconds(psutil.Process()), **servers_cpu()}
    if own_sink_guard is not None:
        found["sink"] = sum(_seconds(process) for process in psutil.Process(own_sink_guard).children())
    return found


def servers_cpu() -> dict[str, float]:
    """Return the seconds of processor time used so far by the servers that this process has started, by kind."""
    found: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        kind = SERVERS.get(process.name())
        if kind is not None:
            found[kind] = found.get(kind, 0.0) + _seconds(process)
    return found


def difference(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Return what was used in between."""
    return {kind: round(seconds - before.get(kind, 0.0), 2) for kind, seconds in after.items()}


def per_mail(cpu_s: dict[str, float], mails: int) -> dict[str, float]:
    """Return milliseconds of processor time per mail."""
    return {kind: round(1000 * seconds / mails, 3) for kind, seconds in cpu_s.items()}


def ratio_by_cpu(raw_cpu_ms: float, cpu_ms: dict[str, float]) -> float:
    """Return what all cores could reach with nothing else to do, against what the bare loop reaches on one core.

    Beside other work on the machine it says more than rates do: both sides are slowed down alike.
    """
    used = sum(value for kind, value in cpu_ms.items() if kind != "harness")
    return round((os.cpu_count() or 1) * raw_cpu_ms / used, 3)


def _seconds(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))
