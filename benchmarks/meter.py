"""Processor time and memory of everything that takes part, by kind of process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime

import psutil

from tests.support.worker_process import WorkerProcess

SAMPLE_EVERY_S = 0.5
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


class CpuSamples:
    """What was used by when, for spans whose ends are known only afterwards."""

    def __init__(self, look: Callable[[], dict[str, float]]) -> None:
        self._look = look
        self._taken: list[tuple[datetime, dict[str, float]]] = [(datetime.now(UTC), look())]

    async def keep_taking(self) -> None:
        """Look twice a second; each look costs this process some milliseconds."""
        while True:
            await asyncio.sleep(SAMPLE_EVERY_S)
            self._taken.append((datetime.now(UTC), self._look()))

    def between(self, begun: datetime, ended: datetime) -> dict[str, float]:
        """Return what was used from one instant to another, by the samples next to them."""
        return difference(self._at(begun), self._at(ended))

    def _at(self, instant: datetime) -> dict[str, float]:
        return min(self._taken, key=lambda sample: abs(sample[0] - instant))[1]


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
