"""Start the Everflow network as a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import relance
from relance.devstack import processes
from relance.devstack.everflow.client import EverflowControl

READY_S = 20.0
SOURCE_ROOT = str(Path(relance.__file__).parents[1])


class EverflowServer:
    """A running network: `http` is the base address of its API and of its control."""

    def __init__(self, server: processes.Server, port: int) -> None:
        self.server = server
        self.http = f"http://{processes.HOST}:{port}"

    async def stop(self) -> None:
        """End it; the facts stay in the folder."""
        await self.server.stop()


async def start(folder: Path, port: int | None = None) -> EverflowServer:
    """Start the network on its facts in `folder/everflow` and wait until it answers.

    Raises:
        InvalidInput: a given port is taken.
        DependencyUnavailable: it does not become ready.
    """
    chosen = processes.choose_port(port, "Everflow port")
    command = [sys.executable, "-m", "relance.devstack.everflow"]
    command += ["--folder", str(folder / "everflow"), "--port", str(chosen)]
    # Also from a source tree that is not installed, and from any working folder.
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, [SOURCE_ROOT, os.environ.get("PYTHONPATH")]))}
    server = processes.start("Everflow stub", command, folder / "everflow.log", environment=environment)
    started = EverflowServer(server, chosen)
    try:
        async with EverflowControl(started.http) as control:
            await started.server.ready(control.answers(), READY_S)
    except BaseException:
        await started.stop()
        raise
    return started
