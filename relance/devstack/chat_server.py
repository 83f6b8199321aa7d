"""Start the chat as a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import relance
from relance.devstack import processes
from relance.devstack.chat.client import Chat

READY_S = 20.0
SOURCE_ROOT = str(Path(relance.__file__).parents[1])


class ChatServer:
    """A running chat; `http` is the address of its webhooks, its API and its page."""

    def __init__(self, server: processes.Server, http_port: int) -> None:
        self.server = server
        self.http = f"http://{processes.HOST}:{http_port}"

    async def stop(self) -> None:
        """End it; its messages are gone."""
        await self.server.stop()


async def start(folder: Path, http_port: int | None = None) -> ChatServer:
    """Start the chat, with its log in the folder, and wait until it answers.

    Raises:
        InvalidInput: a given port is taken.
        DependencyUnavailable: it does not become ready.
    """
    port = processes.choose_port(http_port, "chat HTTP port")
    command = [sys.executable, "-m", "relance.devstack.chat", "--http-port", str(port)]
    # Also from a source tree that is not installed, and from any working folder.
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, [SOURCE_ROOT, os.environ.get("PYTHONPATH")]))}
    started = ChatServer(processes.start("chat", command, folder / "chat.log", environment=environment), port)
    try:
        async with Chat(started.http) as client:
            await started.server.ready(client.answers(), READY_S)
    except BaseException:
        await started.stop()
        raise
    return started
