"""A worker process: started as operators start it, measured, asked to stop, or killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from relance.devstack import processes
from tests.support.preloaded import Preloaded

READY_S = 60.0
STOP_S = 40.0
_METRICS = re.compile(r"metrics at (http://\S+)")
_HEALTH = re.compile(r"health at (http://\S+)/ready")


@dataclass
class WorkerProcess:
    """A running worker, possibly a supervisor with children; ends with us, however we end."""

    server: processes.Server
    process: psutil.Process
    peak_rss_mb: float = 0.0

    @classmethod
    def start(cls, command: Sequence[str], environment: Mapping[str, str], log: Path) -> WorkerProcess:
        """Start it; its output goes to `log`."""
        server = processes.start("worker", command, log, environment=environment, grace_s=STOP_S)
        guard = psutil.Process(server.guard_pid)
        deadline = time.monotonic() + READY_S
        while not (children := guard.children()):
            if not server.running or time.monotonic() > deadline:
                raise RuntimeError(f"the worker did not start; {server.log_tail()}")
            time.sleep(0.005)
        return cls(server, children[0])

    @classmethod
    def fork(cls, command: Sequence[str], environment: Mapping[str, str], log: Path) -> WorkerProcess:
        """Start it with everything imported already (see `tests.support.preloaded`); `command` is for this Python."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            forked = Preloaded(command[1:], {**os.environ, **environment}, (output, output), grace=STOP_S)
        return cls(processes.Server("worker", forked, log), psutil.Process(forked.pid))

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self.server.log.read_text(encoding="utf-8", errors="replace")

    @property
    def metrics_url(self) -> str | None:
        """Where its metrics are, if the settings ask for an endpoint."""
        found = _METRICS.search(self.output)
        return found[1].rstrip('",}') if found else None

    @property
    def health_url(self) -> str | None:
        """Where `/live` and `/ready` are, if the settings ask for them."""
        found = _HEALTH.search(self.output)
        return found[1] if found else None

    async def serving(self, processes: int = 1) -> None:
        """Wait until this many processes of it serve their queues."""
        await self.server.ready(self._say_so(processes), READY_S)

    def measure(self) -> float:
        """Return the largest resident set any of its processes ever had, in MiB."""
        for process in self._processes():
            try:
                self.peak_rss_mb = max(self.peak_rss_mb, _peak_mb(process))
            except (psutil.NoSuchProcess, FileNotFoundError):
                continue
        return self.peak_rss_mb

    def cpu_s(self) -> float:
        """Return the processor time of all its processes so far, in seconds."""
        return sum(sum(process.cpu_times()[:2]) for process in self._processes())

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.measure()
        self.process.kill()

    def freeze(self) -> None:
        """Let it stand still, as an overloaded or suspended machine does."""
        self.measure()
        for process in self._processes():
            process.suspend()

    def thaw(self) -> None:
        """Let it go on as if no time had passed."""
        for process in self._processes():
            process.resume()

    async def stop(self) -> tuple[int, float]:
        """Ask it to stop as an operator would (SIGTERM); return its exit code and the seconds it took."""
        self.measure()
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        while self.server.running and time.monotonic() - begun < STOP_S:
            await asyncio.sleep(0.02)
        took = time.monotonic() - begun
        await self.server.stop()
        return self.server.exit_code or 0, took

    async def end(self) -> None:
        """Make sure that nothing of it is left."""
        with contextlib.suppress(psutil.NoSuchProcess):
            # Its guard may not have seen yet that it ended.
            self.process.kill()
        await self.server.stop()

    async def _say_so(self, processes: int) -> None:
        while self.output.count("serving relance") < processes:
            await asyncio.sleep(0.05)

    def _processes(self) -> list[psutil.Process]:
        if not self.process.is_running():
            return []
        return [self.process, *self.process.children(recursive=True)]


def _peak_mb(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status")
    if status.parent.parent.joinpath("self").exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(found[1]) / 1024 if found else 0.0
    return float(process.memory_info().rss) / 1024**2
