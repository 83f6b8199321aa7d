"""Three database servers, whose primary is killed while mails are flowing: another one takes over."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from relance.adapters.mongo import replica_set
from relance.devstack import mongod, processes
from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.mongo_kill import note_forgotten, resumption
from tests.faults.operation_log import OperationLog
from tests.faults.rehearsal import rehearsed
from tests.faults.servers import Restartable, Servers, serving_on
from tests.faults.worker_term import SMALL_BATCHES

MEMBERS = 3
READY_S, ELECTION_MS = 60.0, 2000
PRIMARY, SECONDARY = 1, 2
ANSWERS_MS = 1000


class ReplicaSet:
    """As one server: killed is the member that is primary, started are those that do not run."""

    def __init__(self, folder: Path) -> None:
        self._members = {processes.free_port(): folder / f"member-{n}" for n in range(MEMBERS)}
        self._servers = {port: Restartable(partial(self._launched, port)) for port in self._members}
        hosts = ",".join(f"{processes.HOST}:{port}" for port in self._members)
        self.uri = f"mongodb://{hosts}/?replicaSet={replica_set.NAME}"
        self._initiated = False

    @property
    def runs(self) -> bool:
        """Whether all members are alive."""
        return all(server.runs for server in self._servers.values())

    async def start(self) -> None:
        """Start what does not run, and wait until there are a primary and two secondaries."""
        await asyncio.gather(*(server.start() for server in self._servers.values() if not server.runs))
        if not self._initiated:
            await self._command(next(iter(self._members)), {"replSetInitiate": self._configuration()})
            self._initiated = True
        async with asyncio.timeout(READY_S):
            while sorted(await self._states()) != [PRIMARY, SECONDARY, SECONDARY]:
                await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """Kill the primary."""
        for port, server in self._servers.items():
            if (await self._command(port, "hello")).get("isWritablePrimary"):
                await server.kill()
                return

    async def stop(self) -> None:
        """End all members."""
        await asyncio.gather(*(server.stop() for server in self._servers.values()))

    async def _launched(self, port: int) -> mongod.Mongod:
        member = mongod.launch(self._members[port], port)
        await member.server.ready(self._answers(port), READY_S)
        return member

    async def _answers(self, port: int) -> None:
        while not await self._command(port, "ping"):
            await asyncio.sleep(0.1)

    async def _states(self) -> list[int]:
        status = await self._command(next(iter(self._members)), "replSetGetStatus")
        return [member["state"] for member in status.get("members", [])]

    async def _command(self, port: int, command: str | dict[str, Any]) -> dict[str, Any]:
        """Return a member's answer; nothing when there is none."""
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            processes.HOST, port, directConnection=True, serverSelectionTimeoutMS=ANSWERS_MS, appname="fault-harness"
        )
        try:
            return await client.admin.command(command)
        except PyMongoError:
            return {}
        finally:
            client.close()

    def _configuration(self) -> dict[str, Any]:
        members = [{"_id": n, "host": f"{processes.HOST}:{port}"} for n, port in enumerate(self._members)]
        return {
            "_id": replica_set.NAME,
            "members": members,
            # The default of 10 s is for networks.
            "settings": {"electionTimeoutMillis": ELECTION_MS, "heartbeatIntervalMillis": ELECTION_MS // 4},
        }


@asynccontextmanager
async def replica_set_servers() -> AsyncIterator[Servers]:
    """Start everything on a replica set of three."""
    with tempfile.TemporaryDirectory(prefix="relance-faults-", ignore_cleanup_errors=True) as name:
        members = ReplicaSet(Path(name))
        async with serving_on(Path(name), members.uri, members) as servers:
            yield servers


async def disturb(run: Run) -> int:
    """Kill the primary, wait until mails flow without it, and start it again."""
    kills, resumed = 0, []
    async with OperationLog(run.servers.stack.mongo_uri, run.installation.database.raw.name) as log:
        async for _ in run.moments():
            begun = time.monotonic()
            await run.servers.mongo.kill()
            kills += 1
            await resumption(run)
            resumed.append(round(time.monotonic() - begun, 2))
            await run.servers.mongo.start()
            note_forgotten(run, await log.forgotten())
        await run.result()
        note_forgotten(run, await log.forgotten())
        run.notes.figures.update(operation_log=len(log.sent), resumed_without_it_s=resumed)
    return kills


PRIMARY_KILL = rehearsed(
    "primary-kill",
    "the primary of three database servers gets SIGKILL while mails are flowing, another one takes over",
    disturb,
    Arrangement(kills=2, users=60, options=SMALL_BATCHES, confirmed_after_s=0.15, servers=replica_set_servers),
)
