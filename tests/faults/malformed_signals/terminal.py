"""The `temporal` command line, as somebody at a terminal uses it."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from pathlib import Path

from relance.devstack.temporal_server import find_binary
from tests.support.installation import Installation

AT_ONCE = 4
LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Input:
    """What is written behind a signal's name: options of the command."""

    words: tuple[str, ...] = ()

    @classmethod
    def json(cls, *values: str) -> Input:
        """Return arguments that are JSON."""
        return cls(tuple(word for value in values for word in ("--input", value)))

    @classmethod
    def raw(cls, data: bytes, encoding: str) -> Input:
        """Return an argument of any bytes in an encoding that the command line does not look into."""
        text = base64.b64encode(data).decode()
        return cls(("--input", text, "--input-base64", "--input-meta", f"encoding={encoding}"))

    @classmethod
    def file(cls, path: Path) -> Input:
        """Return an argument too large for a command line."""
        return cls(("--input-file", str(path)))


@dataclass(frozen=True, slots=True)
class Terminal:
    """Runs `temporal` against one installation."""

    installation: Installation

    async def signal(self, workflow_id: str, name: str, given: Input) -> None:
        """Send a signal.

        Raises:
            RuntimeError: the server did not take it.
        """
        code, said = await self._run("signal", "--workflow-id", workflow_id, "--name", name, *given.words)
        if code:
            raise RuntimeError(f"{name} was not sent: {said}")

    async def answers(self, workflow_id: str, query: str, *words: str) -> bool:
        """Tell whether a workflow answers a question."""
        code, _ = await self._run("query", "--workflow-id", workflow_id, "--type", query, *words)
        return code == 0

    async def _run(self, *words: str) -> tuple[int, str]:
        environment = self.installation.environment
        server = ("--address", environment["TEMPORAL_ADDRESS"], "--namespace", environment["TEMPORAL_NAMESPACE"])
        process = await asyncio.create_subprocess_exec(
            *(find_binary(), "workflow", *words, *server),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(LIMIT_S):
            out, _ = await process.communicate()
        return process.returncode or 0, out.decode(errors="replace")[-300:]
