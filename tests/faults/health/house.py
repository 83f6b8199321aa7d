"""The servers of the scenario, each of which can be broken and mended, and a worker that looks at them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from temporalio.client import ScheduleState

from relance.contracts.names import JobName
from relance.devstack import everflow_server, mailbox_server, mongod, processes, temporal_server
from relance.devstack.chat.client import Chat
from relance.devstack.chat.models import PostedMessage
from relance.devstack.stack import Given, Stack
from relance.settings import Settings
from relance.settings.jobs import Jobs
from relance.temporal.schedules import declared
from tests.faults.servers import Restartable
from tests.support.installation import Installation, installed
from tests.support.worker_process import WorkerProcess

SECRET = "whsec_" + "aGVhbHRoLWhlYWx0aC1oZWFsdGgtaGVhbHRo"
LOOK_EVERY_S = 0.2
PERIOD_S, AGAIN_S, DEADLINE_S, FAIL_AFTER, RECOVER_AFTER = 3, 1.0, 1.5, 2, 2
GENTLE: Mapping[str, str] = {
    "RELANCE_HEALTH__FAIL_AFTER": str(FAIL_AFTER),
    "RELANCE_HEALTH__RECOVER_AFTER": str(RECOVER_AFTER),
    "RELANCE_HEALTH__AGAIN": f"PT{AGAIN_S:g}S",
    "RELANCE_HEALTH__OUTAGE_PAUSE": f"PT{PERIOD_S}S",
    "RELANCE_HEALTH__DEADLINE": str(DEADLINE_S),
    "RELANCE_HEALTH__REPORT_EVERY": "PT0.5S",
    "RELANCE_HEALTH__DISK_LIMIT": "100",
    "RELANCE_HEALTH__MEMORY_LIMIT": "2048",
    "RELANCE_HEALTH__POLL_WITHIN": "PT10M",
    "RELANCE_MONGO__TIMEOUT": "3",
    "RELANCE_MONITORING__HEALTH_PORT": "0",
    # A resolution is told at once, and on its own.
    "RELANCE_ALERTS__RESOLVE_HOLD": "PT0S",
    "RELANCE_ALERTS__GROUP_WAIT": "PT0S",
    "RELANCE_CHANNELS__ALWAYS": "inbox,webhook",
    "RELANCE_CHANNELS__WEBHOOK_SECRETS": SECRET,
}


@dataclass
class House:
    """What a dependency's fault may touch; `worker` is the one that runs now."""

    mongo: Restartable
    temporal: Restartable
    mailbox: Restartable
    everflow: Restartable
    installation: Installation
    chat: Chat
    worker: WorkerProcess

    async def first_check(self) -> None:
        """Wait until the health check has run, so that everything is known to be well."""
        while not await self.installation.database.job_runs.runs(job=JobName.HEALTH):
            await asyncio.sleep(LOOK_EVERY_S)

    async def replace_worker(self, **environment: str) -> None:
        """Start a worker with other settings, in the place of the one that runs."""
        await self.worker.stop()
        self.worker = await self.installation.start_worker(environment=environment)

    async def posted(self) -> list[PostedMessage]:
        """Return everything people were told so far."""
        return await self.chat.messages()

    async def is_ready(self) -> bool:
        """Ask the worker itself, over HTTP."""
        url = self.worker.health_url
        assert url is not None
        async with httpx.AsyncClient(trust_env=False) as http:
            return (await http.get(f"{url}/ready")).status_code == 200


@asynccontextmanager
async def a_house() -> AsyncIterator[House]:
    """Start everything, a worker, and the Schedule of the health check; stop all at the end."""
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="relance-health-")))
        ports = [processes.free_port() for _ in range(6)]
        mongo = Restartable(lambda: mongod.start(folder, ports[0]))
        temporal = Restartable(lambda: temporal_server.start(folder, ports[1], ports[2]))
        mailbox = Restartable(lambda: mailbox_server.start(folder, ports[3], ports[4]))
        everflow = Restartable(lambda: everflow_server.start(folder, ports[5]))
        servers = (mongo, temporal, mailbox, everflow)
        for server in servers:
            closing.push_async_callback(server.stop)
        await asyncio.gather(*(server.start() for server in servers))
        given = Given(
            mongo_uri=f"mongodb://{processes.HOST}:{ports[0]}/?replicaSet=rs0",
            temporal_address=f"{processes.HOST}:{ports[1]}",
            mailbox_smtp=(processes.HOST, ports[3]),
            mailbox_http=f"http://{processes.HOST}:{ports[4]}",
            everflow_http=f"http://{processes.HOST}:{ports[5]}",
        )
        stack = await closing.enter_async_context(Stack(folder, given=given))
        chat = await closing.enter_async_context(Chat(await stack.open_chat()))
        environment = {**GENTLE, "RELANCE_CHANNELS__WEBHOOK_URL": f"{chat.url}/webhook/health"}
        installation = await closing.enter_async_context(installed(stack, "health", environment))
        await installation.database.ensure_indexes()
        worker = await installation.start_worker()
        await _schedule(installation)
        yield House(mongo, temporal, mailbox, everflow, installation, chat, worker)


async def _schedule(installation: Installation) -> None:
    jobs = Jobs(health_cron=f"*/{PERIOD_S} * * * * * *", health_catchup=timedelta(seconds=10))
    wanted = next(one for one in declared(Settings(jobs=jobs)) if one.id == JobName.HEALTH)
    await installation.client.create_schedule(wanted.id, wanted.schedule(ScheduleState()))


def now() -> datetime:
    """Return the instant as the chat writes it down."""
    return datetime.now(UTC)
