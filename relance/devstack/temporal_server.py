"""The embedded Temporal server with its Web UI, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from relance.devstack import processes
from relance.errors import DependencyUnavailable

READY_S = 30.0
NAMESPACE = "default"

# 55 workflow starts/s with SQLite's defaults, 229/s with these. WAL with NORMAL may lose the last transactions when the
# power fails, none when a process dies.
PRAGMAS: Mapping[str, str] = {
    "journal_mode": "WAL",
    "synchronous": "NORMAL",
    "busy_timeout": "10000",
    "cache_size": "-65536",
    "mmap_size": "268435456",
    "temp_store": "MEMORY",
}

DYNAMIC_CONFIG: Mapping[str, object] = {
    # The demo and the tests move the time of sleeping follow-ups by days.
    "frontend.WorkflowTimeSkippingEnabled": True,
    # A wave starts thousands of follow-ups in seconds. Past the default limits (2,400, 3,000 and 1,200 a second, long
    # polls included) the server refuses with RESOURCE_EXHAUSTED, and clients back off by whole seconds.
    "frontend.rps": 20000,
    "frontend.namespaceRPS": 20000,
    "history.rps": 30000,
    "matching.rps": 20000,
    # One shard polls its timers and transfers 20 times a second by default: up to 50 ms more for each task.
    "history.transferProcessorMaxPollRPS": 200,
    "history.timerProcessorMaxPollRPS": 200,
    # The development server re-reads search attributes from the database on every use unless told otherwise.
    "system.forceSearchAttributesCacheRefreshOnRead": False,
    # With few pollers a task may wait on a partition nobody polls.
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
}


class TemporalServer:
    """A running server; `address` is host:port of its gRPC service, `ui` the address of Temporal Web."""

    def __init__(self, server: processes.Server, port: int, ui_port: int) -> None:
        self.server = server
        self.address = f"{processes.HOST}:{port}"
        self.ui = f"http://{processes.HOST}:{ui_port}"

    async def stop(self) -> None:
        """End it; the database file stays."""
        await self.server.stop()


async def start(
    folder: Path,
    port: int | None = None,
    ui_port: int | None = None,
    dynamic_config: Mapping[str, object] | None = None,
) -> TemporalServer:
    """Start the server on `folder/temporal.db` and wait until it answers for its namespace.

    `dynamic_config` is added to `DYNAMIC_CONFIG`.

    Raises:
        InvalidInput: a given port is taken.
        DependencyUnavailable: there is no `temporal`, or it does not become ready.
    """
    chosen = processes.choose_port(port, "Temporal port")
    chosen_ui = processes.choose_port(ui_port, "Temporal Web port")
    config = {**DYNAMIC_CONFIG, **(dynamic_config or {})}
    command = _command(find_binary(), folder / "temporal.db", chosen, chosen_ui, config)
    server = processes.start("Temporal", command, folder / "temporal.log")
    started = TemporalServer(server, chosen, chosen_ui)
    try:
        await server.ready(_answers(started.address), READY_S)
    except BaseException:
        await server.stop()
        raise
    return started


def find_binary() -> str:
    """Return the path of `temporal`: the one installed next to this Python, else the one on PATH.

    Raises:
        DependencyUnavailable: there is neither.
    """
    bundled = Path(sys.executable).parent / "temporal"
    found = str(bundled) if bundled.is_file() else shutil.which("temporal")
    if found is None:
        raise DependencyUnavailable("Temporal", "no temporal binary; install `relance[dev-stack]` or the Temporal CLI")
    return found


async def _answers(address: str) -> None:
    while True:
        try:
            client = await Client.connect(address, namespace=NAMESPACE)
            # A namespace that can be listed can be written to; the health service answers earlier.
            async for _ in client.list_workflows(limit=1):
                break
        except (RPCError, RuntimeError):
            await asyncio.sleep(0.05)
        else:
            return


def _command(binary: str, database: Path, port: int, ui_port: int, dynamic_config: Mapping[str, object]) -> list[str]:
    config = (f"{key}={json.dumps(value)}" for key, value in dynamic_config.items())
    pragmas = (f"{key}={value}" for key, value in PRAGMAS.items())
    return [
        *(binary, "server", "start-dev", "--ip", processes.HOST, "--port", str(port), "--ui-port", str(ui_port)),
        *("--db-filename", str(database), "--log-level", "error", "--ui-disable-news-fetch"),
        *(part for value in config for part in ("--dynamic-config-value", value)),
        *(part for pragma in pragmas for part in ("--sqlite-pragma", pragma)),
    ]
