"""The embedded stack as its operator runs it: `starter.py dev` in one terminal, the documents' commands in another."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from motor.motor_asyncio import AsyncIOMotorClient
from temporalio.client import Client

from relance.devstack.mailbox.client import Mailbox
from relance.temporal.plugin import relance_plugin
from tests.docs.pages import ROOT
from tests.support.patience import PATIENCE_S

START_S, STOP_S, COMMAND_S = 2 * PATIENCE_S, PATIENCE_S, PATIENCE_S
PORT_OF_THE_DOCUMENT = "8025"


@dataclass
class Terminal:
    """A shell whose home is a folder of the test; `port` is the mailbox's, so that tests do not meet."""

    home: Path
    port: int
    speed: float
    """Mails per second: a cycle has to have a middle."""
    started: list[asyncio.subprocess.Process] = field(default_factory=list)

    def _written(self, text: str) -> str:
        return text.replace(".venv/bin/python", sys.executable).replace(PORT_OF_THE_DOCUMENT, str(self.port))

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("RELANCE_", "TEMPORAL_"))
        }
        # Whoever went down in the middle would hold the canary up for a while.
        limits = {
            "RELANCE_MAIL__RATE": str(self.speed),
            "RELANCE_RELAY_LOG__WAIT": "PT1S",
            "RELANCE_ERROR_GATE__CANARY": "0",
        }
        return {**inherited, **limits, "HOME": str(self.home)}

    async def run(self, block: str) -> None:
        """Run a block to its end."""
        process = await asyncio.create_subprocess_exec(
            "bash", "-euc", self._written(block), cwd=ROOT, env=self._environment()
        )
        assert await asyncio.wait_for(process.wait(), COMMAND_S) == 0, block

    def close(self) -> None:
        """End what a test that has failed has left running; its servers end with it."""
        for process in self.started:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    async def start(self, block: str) -> Dev:
        """Run a block whose last command is `starter.py dev`, until that has printed its addresses."""
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euc", self._written(block).rstrip() + " --json"),
            cwd=ROOT,
            env=self._environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(process)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), START_S)
        assert line, "it ended before it printed its addresses"
        printed = json.loads(line)
        assert "environment" in printed, printed
        return Dev(process, printed["environment"])


@dataclass
class Dev:
    """A running `starter.py dev`; `environment` leads to it."""

    process: asyncio.subprocess.Process
    environment: dict[str, str]

    async def interrupt(self) -> None:
        """Ctrl-C."""
        os.killpg(self.process.pid, signal.SIGINT)
        await asyncio.wait_for(self.process.communicate(), STOP_S)

    async def crash(self) -> None:
        """End it as a crash of the machine would, and wait until what it had started is gone too."""
        started = psutil.Process(self.process.pid).children(recursive=True)
        os.killpg(self.process.pid, signal.SIGKILL)
        await asyncio.wait_for(self.process.communicate(), STOP_S)
        _, left = await asyncio.to_thread(psutil.wait_procs, started, STOP_S)
        assert not left

    async def client(self) -> Client:
        """Return a client of its Temporal."""
        return await Client.connect(self.environment["TEMPORAL_ADDRESS"], plugins=[relance_plugin()])

    async def replace_people(self, users: list[dict[str, Any]], contacts: list[dict[str, Any]]) -> None:
        """Put other people into its database."""
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(self.environment["RELANCE_MONGO__URI"])
        database = client[self.environment["RELANCE_MONGO__DATABASE"]]
        for collection, documents in ((database.users, users), (database.contacts, contacts)):
            await collection.delete_many({})
            await collection.insert_many(documents)
        client.close()

    def mailbox(self, port: int) -> Mailbox:
        """Return a client of its mailbox."""
        return Mailbox(f"http://127.0.0.1:{port}")
