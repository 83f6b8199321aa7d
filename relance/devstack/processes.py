"""Child servers that never outlive us: started behind a guard, awaited, stopped (see `guard`)."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from relance.devstack import guard
from relance.errors import DependencyUnavailable, InvalidInput

HOST = "127.0.0.1"
GRACE_S = 8.0
LOG_LINES = 12
# Below the range from which the kernel takes the ports of outgoing connections, of which a test run makes many.
PORTS = range(20_000, 32_000)


class GuardProcess(Protocol):
    """The process that ends a server when its standard input closes, as `subprocess.Popen` describes it."""

    pid: int
    stdin: IO[bytes] | None

    def poll(self) -> int | None:
        """Return its exit code, that of the server; None while it runs."""

    def wait(self) -> int:
        """Wait for its end and return the exit code."""


class Server:
    """One running server; the caller that started it stops it."""

    def __init__(self, name: str, process: GuardProcess, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @property
    def guard_pid(self) -> int:
        """The process id of the guard."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server still runs."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The server's exit code, 128 + signal when a signal ended it; None while it runs."""
        return self._process.poll()

    async def ready(self, waiting: Coroutine[Any, Any, None], deadline_s: float) -> None:
        """Let `waiting` end, which asks the server until it answers.

        Raises:
            DependencyUnavailable: the server ended or was not ready in time; quotes the end of its log.
        """
        task = asyncio.create_task(waiting)
        deadline = time.monotonic() + deadline_s
        try:
            while not task.done():
                if not self.running:
                    raise self._unavailable(f"ended with code {self.exit_code}")
                if time.monotonic() > deadline:
                    raise self._unavailable(f"not ready after {deadline_s:g} s")
                await asyncio.wait([task], timeout=0.05)
            await task
        except DependencyUnavailable:
            await self.stop()
            raise
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def stop(self) -> None:
        """End the server: SIGTERM, after a grace SIGKILL. Safe to call twice."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await asyncio.to_thread(self._process.wait)

    def keep_log(self) -> Path:
        """Put the log aside, so that the next process of its name begins its own; return where it is now."""
        kept = self.log.with_suffix(".before.log")
        if self.log.exists():
            self.log.replace(kept)
        return kept

    def _unavailable(self, what: str) -> DependencyUnavailable:
        return DependencyUnavailable(self.name, f"{what}; its log {self.log} ends with\n{self.log_tail()}")

    def log_tail(self, lines: int = LOG_LINES) -> str:
        """Return the last lines of the server's log."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(line[:400] for line in text.splitlines()[-lines:])


def start(
    name: str,
    command: Sequence[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    grace_s: float = GRACE_S,
) -> Server:
    """Start a server behind a guard; its output goes to `log`. Does not wait until it is ready.

    A process that we fork without exec inherits the guard's pipe and keeps the server alive; start workers by spawn.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(guard.__file__)), str(grace_s), *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            # A session of its own, so that Ctrl-C in the terminal reaches us alone and we stop the servers in order.
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    return Server(name, process, log)


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens now.

    It is this process's until it ends: several stacks that start side by side on one machine never choose the same.
    """
    for port in random.sample(PORTS, k=len(PORTS)):
        if _reserved(port):
            return port
    raise DependencyUnavailable("network", f"no free port between {PORTS.start} and {PORTS.stop}")


_reservations: list[socket.socket | IO[bytes]] = []
"""The kernel gives them back when the process dies, however it dies."""


def _reserved(port: int) -> bool:
    try:
        reservation = _named(port) if sys.platform.startswith("linux") else _locked(port)
    except OSError:
        return False
    if is_taken(port):
        reservation.close()
        return False
    _reservations.append(reservation)
    return True


def _named(port: int) -> socket.socket:
    # A name that stands in no folder (unix(7), abstract): a folder would be that of one user, or of one TMPDIR.
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0relance-port-{port}")
    except OSError:
        name.close()
        raise
    return name


def _locked(port: int) -> IO[bytes]:
    folder = Path(tempfile.gettempdir()) / f"relance-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = (folder / str(port)).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def choose_port(given: int | None, field: str) -> int:
    """Return the given port if nothing listens on it, or a free one if none is given.

    Raises:
        InvalidInput: something listens on the given port.
    """
    if given is None:
        return free_port()
    if is_taken(given):
        raise InvalidInput(field, f"port {given} of {HOST} is already taken", "give another port or none")
    return given


def is_taken(port: int) -> bool:
    """Return whether something listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
