"""`starter.py` as operators run it: a process that has the calendar's day; and one that dies on its way."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from relance.devstack.processes import HOST
from tests.support.installation import ROOT, Installation

LIMIT_S = 120.0
SLOW_S = 0.3
LOOK_EVERY_S = 0.005
CHUNK = 65536


async def command(installation: Installation, *words: str) -> dict[str, Any]:
    """Run a command to its end and return its answer; whatever is refused or fails is an error here."""
    process = await _started(installation, words)
    async with asyncio.timeout(LIMIT_S):
        out, err = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}: {err.decode()[-3000:]}")
    answer: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
    return answer


async def killed_between(
    installation: Installation, words: tuple[str, ...], stored: Callable[[], Awaitable[bool]]
) -> None:
    """Run a command and kill it when the database has what it says, before Temporal hears of it."""
    async with _slow_road(installation.environment["TEMPORAL_ADDRESS"]) as address:
        process = await _started(installation, words, TEMPORAL_ADDRESS=address)
        try:
            async with asyncio.timeout(LIMIT_S):
                while not await stored():
                    await asyncio.sleep(LOOK_EVERY_S)
        finally:
            process.kill()
            await process.communicate()


async def _started(installation: Installation, words: tuple[str, ...], **variables: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "starter.py"),
        *words,
        "--json",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **installation.environment, **variables},
    )


@asynccontextmanager
async def _slow_road(address: str) -> AsyncIterator[str]:
    """Yield an address that leads to another one, where everything said arrives a moment later, or never."""
    host, _, port = address.rpartition(":")
    ways: set[asyncio.Task[None]] = set()

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        ways.update({asyncio.create_task(_carry(reader, back, SLOW_S)), asyncio.create_task(_carry(there, writer, 0))})

    async with await asyncio.start_server(lead, HOST, 0) as server:
        yield f"{HOST}:{server.sockets[0].getsockname()[1]}"
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after_s: float) -> None:
    try:
        while data := await reader.read(CHUNK):
            await asyncio.sleep(after_s)
            writer.write(data)
            await writer.drain()
    finally:
        writer.transport.abort()
