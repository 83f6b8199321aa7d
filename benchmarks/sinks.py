"""Where the benchmark's mails go: Postfix's smtp-sink if it is installed, else our own, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from relance.devstack import processes

BACKLOG = "1000"
READY_S = 10.0
SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin"


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink; `kind` is `smtp-sink` or `own`."""

    kind: str
    address: tuple[str, int]
    server: processes.Server


@asynccontextmanager
async def open_sink(folder: Path, dump: Path | None = None) -> AsyncIterator[Sink]:
    """Start a sink and stop it in the end; Postfix's appends all mails to `dump`, which is readable for its user."""
    port = processes.free_port()
    kind, command = _command(port, ["-D", str(dump)] if dump else [])
    server = processes.start(kind, command, folder / "sink.log")
    try:
        await server.ready(accepts(port), READY_S)
        yield Sink(kind, (processes.HOST, port), server)
    finally:
        await server.stop()


def _command(port: int, options: list[str]) -> tuple[str, list[str]]:
    found = shutil.which("smtp-sink", path=os.pathsep.join([os.environ.get("PATH", ""), SYSTEM_FOLDERS]))
    if found is None:
        return "own", [sys.executable, "-m", "benchmarks.sink_server", str(port)]
    # It refuses to run as root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    return "smtp-sink", [found, *user, *options, f"{processes.HOST}:{port}", BACKLOG]


async def accepts(port: int) -> None:
    """Wait until something listens on a port of 127.0.0.1."""
    while True:
        try:
            _, writer = await asyncio.open_connection(processes.HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
