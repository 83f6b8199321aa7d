"""The database is killed while mails are flowing, and started again on its data and port."""

from __future__ import annotations

import asyncio
import time

from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.operation_log import OperationLog
from tests.faults.rehearsal import rehearsed
from tests.faults.worker_term import SMALL_BATCHES

LONGEST_ABSENCE_S = 3.0


async def disturb(run: Run) -> int:
    """Kill the database once in each of `kills` stretches; it is away for up to three seconds."""
    kills, resumed = 0, []
    async with OperationLog(run.servers.stack.mongo_uri, run.installation.database.raw.name) as log:
        async for _ in run.moments():
            await run.servers.mongo.kill()
            kills += 1
            await asyncio.sleep(run.chance.random() * LONGEST_ABSENCE_S)
            await run.servers.mongo.start()
            note_forgotten(run, await log.forgotten())
            resumed.append(await resumption(run))
        await run.result()
        note_forgotten(run, await log.forgotten())
        run.notes.figures.update(operation_log=len(log.sent), resumed_s=resumed)
    return kills


async def resumption(run: Run) -> float:
    """Wait for the next mail, or the end of the cycle; return the seconds."""
    begun = time.monotonic()
    ended = asyncio.ensure_future(run.result())
    await run.flow.reach(await run.flow.look() + 1, unless=ended.done)
    ended.cancel()
    return round(time.monotonic() - begun, 2)


def note_forgotten(run: Run, forgotten: list[str]) -> None:
    """Make it a finding that the database has lost what it had acknowledged."""
    run.notes.figures["forgotten"] = run.notes.figures.get("forgotten", 0) + len(forgotten)
    if forgotten:
        run.notes.findings.append(f"{len(forgotten)} acknowledged sendings are gone, first {forgotten[0]}")


MONGO_KILL = rehearsed(
    "mongo-kill",
    "mongod gets SIGKILL while mails are flowing, and is started again on its data and port",
    disturb,
    Arrangement(kills=3, users=60, options=SMALL_BATCHES),
)
