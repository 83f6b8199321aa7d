"""The disk of the database runs full while mails are flowing, and has room again later."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.mongo_kill import note_forgotten, resumption
from tests.faults.operation_log import OperationLog
from tests.faults.rehearsal import rehearsed
from tests.faults.servers import NotRun, Servers, restartable_servers
from tests.faults.worker_term import SMALL_BATCHES

DISK_MB = 320
BLOCK = 1 << 20
DATA, DISK = "mongod", "disk"
QUIET_S, FULL_S = 3.0, 2.0


@asynccontextmanager
async def servers_on_a_small_disk() -> AsyncIterator[Servers]:
    """Start everything, the database on a file system of its own.

    Raises:
        NotRun: this process may not mount one.
    """
    with tempfile.TemporaryDirectory(prefix="relance-disk-") as name:
        if said := await _run("mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "relance-disk", name):
            raise NotRun(f"a small file system cannot be mounted here ({said})")
        try:
            async with restartable_servers(data=Path(name) / DATA) as servers:
                (servers.stack.folder / DISK).symlink_to(name)
                yield servers
        finally:
            await _run("umount", name)


async def disturb(run: Run) -> int:
    """Fill the disk until no mail flows any more; later empty it, as an operator would, and start what died."""
    kills, stood, resumed, died = 0, [], [], 0
    async with OperationLog(run.servers.stack.mongo_uri, run.installation.database.raw.name) as log:
        async for _ in run.moments():
            begun = time.monotonic()
            ballast = run.servers.stack.folder / DISK / "ballast"
            await asyncio.to_thread(_fill, ballast)
            await _checkpoint(run)
            if await _standstill(run) >= run.expected and run.servers.mongo.runs:
                run.notes.findings.append("the full disk stopped nothing")
            await asyncio.sleep(FULL_S)
            if not run.installation.workers[-1].server.running:
                run.notes.findings.append("the worker ended")
            ballast.unlink()
            kills += 1
            if not run.servers.mongo.runs:
                died += 1
                await run.servers.mongo.start()
            stood.append(round(time.monotonic() - begun, 2))
            note_forgotten(run, await log.forgotten())
            resumed.append(await resumption(run))
        await run.result()
        note_forgotten(run, await log.forgotten())
    run.notes.figures.update(operation_log=len(log.sent), mongod_died=died, stood_s=stood, resumed_s=resumed)
    return kills


def _fill(ballast: Path) -> None:
    """Write until nothing more fits."""
    size = BLOCK
    with ballast.open("wb", buffering=0) as file:
        while size:
            try:
                written = file.write(bytes(size))
            except OSError:
                written = 0
            if written < size:
                size //= 2
        os.fsync(file.fileno())


async def _checkpoint(run: Run) -> None:
    """Have the database write what else it writes once a minute: the journal has its space in advance."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        run.servers.stack.mongo_uri, appname="fault-harness"
    )
    with suppress(PyMongoError):
        await client.admin.command("fsync")
    client.close()


async def _standstill(run: Run) -> int:
    """Wait until mails have stopped; return how many there are."""
    while True:
        before = await run.flow.look()
        await asyncio.sleep(QUIET_S)
        if await run.flow.look() == before:
            return before


async def _run(*command: str) -> str:
    """Run a command; return what it said if it failed."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
    except FileNotFoundError:
        return f"no {command[0]}"
    _, said = await process.communicate()
    return said.decode(errors="replace").strip() or "failed" if process.returncode else ""


DISK_FULL = rehearsed(
    "disk-full",
    "the disk of the database runs full while mails are flowing, and has room again later (needs to mount a tmpfs)",
    disturb,
    Arrangement(kills=1, users=60, options=SMALL_BATCHES, confirmed_after_s=0.15, servers=servers_on_a_small_disk),
)
