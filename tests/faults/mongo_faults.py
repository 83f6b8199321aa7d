"""Commands to the database fail now and then, in the ways a replica set fails them, while mails are flowing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import OperationFailure

from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.mongo_kill import note_forgotten
from tests.faults.operation_log import OperationLog
from tests.faults.rehearsal import rehearsed
from tests.faults.servers import NotRun, restartable_servers
from tests.faults.worker_term import SMALL_BATCHES

COMMANDS = ["insert", "update", "find", "aggregate"]
RATE = 0.05
LASTS_S = 1.5
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "NotWritablePrimary": {"errorCode": 10107},
    "closeConnection": {"closeConnection": True},
    "WriteConcernError 64": {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}},
    "WriteConcernError 91": {"writeConcernError": {"code": 91, "errmsg": "the server is shutting down"}},
}
"""As `failCommand` takes them; the write concern errors come after the write was done."""


async def disturb(run: Run) -> int:
    """Let each of the faults happen in its turn, to one command in twenty of the workers."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        run.servers.stack.mongo_uri, appname="fault-injection"
    )
    happened, stretches = dict.fromkeys(FAULTS, 0), 0
    async with OperationLog(run.servers.stack.mongo_uri, run.installation.database.raw.name) as log:
        async for number in run.moments():
            stretches += 1
            name = list(FAULTS)[number % len(FAULTS)]
            await _set(client, {"activationProbability": RATE}, FAULTS[name])
            await asyncio.sleep(LASTS_S)
            happened[name] += await _set(client, "off", {})
        await run.result()
        note_forgotten(run, await log.forgotten())
        run.notes.figures.update(operation_log=len(log.sent), failed_commands=happened)
    client.close()
    return stretches


async def _set(
    client: AsyncIOMotorClient[dict[str, Any]], mode: str | Mapping[str, float], fault: Mapping[str, Any]
) -> int:
    """Switch the fail point; return how often it had been entered."""
    data = {"failCommands": COMMANDS, "appName": "relance", **fault}
    try:
        answer = await client.admin.command(
            {"configureFailPoint": "failCommand", "mode": mode, **({} if mode == "off" else {"data": data})}
        )
    except OperationFailure as error:
        raise NotRun(f"this mongod has no fail points (code {error.code})") from None
    return int(answer["count"])


MONGO_FAIL_COMMANDS = rehearsed(
    "mongo-fail-commands",
    "one command in twenty fails: not primary, connection closed, write concern errors",
    disturb,
    Arrangement(
        kills=4,
        users=60,
        # Nobody dies: whoever loses an answer reads back what was done.
        gentle=True,
        options=SMALL_BATCHES,
        confirmed_after_s=0.15,
        servers=partial(restartable_servers, ("enableTestCommands=1",)),
    ),
)
