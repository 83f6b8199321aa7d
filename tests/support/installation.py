"""One installation for a run on real servers: a database, a namespace, a client, and worker processes of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.protobuf.duration_pb2 import Duration
from pydantic import SecretStr
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from relance import ids
from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database, connect
from relance.contracts.cycle import CycleInput, CycleOptions, CycleStatistics
from relance.contracts.names import TaskQueue, Workflow
from relance.devstack.stack import Stack
from relance.domain.alerts.group import AlertCounts
from relance.domain.invitations.invitation import Invitation
from relance.ports import Clock
from relance.services.alerts import AlertService
from relance.services.cycle_statistics import balance_period
from relance.services.events import EventIntake
from relance.settings import Settings
from relance.temporal.alert_groups import TemporalAlertGroups
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.plugin import relance_plugin
from tests.support.keys import privacy_of
from tests.support.worker_process import WorkerProcess

ROOT = Path(__file__).parents[2]
WORKER = (str(ROOT / "worker.py"),)
DOCUMENTS_AT_ONCE = 10_000
CYCLE_LIMIT = timedelta(hours=12)

LOOK_EVERY_S = 0.05
IDLE_LOOKS = 2
"""In a row: one group may tell another while we look from one to the next."""

CycleHandle = WorkflowHandle[Any, CycleStatistics]


@dataclass
class Installation:
    """A database and a namespace nobody else uses; `environment` leads any process of ours to them."""

    stack: Stack
    client: Client
    database: Database
    environment: dict[str, str]
    forks: bool = False
    """Whether workers are forks of a process that has imported everything."""

    workers: list[WorkerProcess] = field(default_factory=list)

    async def start_worker(
        self,
        *,
        processes: int = 1,
        environment: Mapping[str, str] | None = None,
        role: str = "all",
        program: Sequence[str] = WORKER,
    ) -> WorkerProcess:
        """Start `worker.py`, or a program that is one and more, and wait until it serves."""
        worker = self.launch_worker(processes=processes, environment=environment, role=role, program=program)
        await worker.serving(processes)
        return worker

    def launch_worker(
        self,
        *,
        processes: int = 1,
        environment: Mapping[str, str] | None = None,
        role: str = "all",
        program: Sequence[str] = WORKER,
    ) -> WorkerProcess:
        """Start it without waiting for anything."""
        log = self.stack.folder / f"{role}-{self.client.namespace}-{len(self.workers)}.log"
        begin = WorkerProcess.fork if self.forks else WorkerProcess.start
        worker = begin(
            [sys.executable, *program, "--role", role, "--processes", str(processes)],
            {**self.environment, **(environment or {})},
            log,
        )
        self.workers.append(worker)
        return worker

    async def load(self, users: Sequence[Mapping[str, Any]], contacts: Sequence[Mapping[str, Any]]) -> None:
        """Insert what the web application would have stored."""
        await self.database.ensure_indexes()
        for collection, documents in ((self.database.raw.users, users), (self.database.raw.contacts, contacts)):
            for start in range(0, len(documents), DOCUMENTS_AT_ONCE):
                await collection.insert_many([dict(one) for one in documents[start : start + DOCUMENTS_AT_ONCE]])

    async def start_cycle(
        self, period: str, options: CycleOptions | None = None, *, again: str = "", send_now: bool = True
    ) -> CycleHandle:
        """Start the cycle of a period, as a rule with every send due at once.

        `again` makes a second run under another id.
        """
        return await self.client.start_workflow(
            Workflow.MONTHLY_CYCLE,
            CycleInput(period=period, send_now=send_now, options=options or CycleOptions()),
            id=ids.cycle_workflow_id(period) + again,
            task_queue=TaskQueue.INVITATIONS,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            # Of the workflow's own time, which a test may move by a month.
            execution_timeout=CYCLE_LIMIT if send_now else None,
            result_type=CycleStatistics,
        )

    async def statistics(self, period: str) -> CycleStatistics:
        """Draw the balance as it is now."""
        return await balance_period(self.database.ledger, self.database.plans, period)

    async def entries(self, period: str) -> dict[str, Invitation]:
        """Return the ledger's entries of a period by id."""
        raws = await self.database.raw.invitations.find({"period": period}).to_list(None)
        return {raw["_id"]: Invitation.model_validate(raw) for raw in raws}

    def intake(self) -> EventIntake:
        """Return where events come in."""
        data = self.database
        follow_ups = TemporalFollowUps(self.client, data.ledger)
        return EventIntake(
            ledger=data.ledger,
            contacts=data.contacts,
            suppressions=data.suppressions,
            follow_ups=follow_ups,
            clock=SystemClock(),
            outbox=data.outbox,
        )

    def desk(self, clock: Clock | None = None) -> AlertService:
        """Return where sightings and decisions about alerts come in."""
        groups = TemporalAlertGroups(self.client, Settings().alerts.policy)
        return AlertService(self.database.alerts, self.database.silences, groups, clock or SystemClock())

    def alert_group(self, group: str) -> WorkflowHandle[Any, AlertCounts]:
        """Return the workflow that delivers a group's alerts, whether it runs or not."""
        return self.client.get_workflow_handle(ids.alert_workflow_id(group), result_type=AlertCounts)

    async def alert_groups_idle(self, groups: Iterable[str]) -> None:
        """Wait until these groups only wait for time to pass, be it the second in which they gather what comes."""
        every = list(groups)
        looks = 0
        while looks < IDLE_LOOKS:
            idle = [await self._is_idle(group) for group in every]
            looks = looks + 1 if all(idle) else 0
            await asyncio.sleep(LOOK_EVERY_S)

    async def _is_idle(self, group: str) -> bool:
        try:
            described = await self.alert_group(group).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise
        raw = described.raw_description
        busy = raw.HasField("pending_workflow_task") or len(raw.pending_activities) > 0
        return described.status is not WorkflowExecutionStatus.RUNNING or not busy


@asynccontextmanager
async def installed(
    stack: Stack,
    name: str,
    environment: Mapping[str, str] | None = None,
    *,
    forks: bool = False,
    lent_database: str | None = None,
) -> AsyncIterator[Installation]:
    """Set up database and namespace `name` on running servers; stop the workers and disconnect in the end.

    `forks` says how workers are started: as forks of a process that has imported everything, or as operators do.
    `lent_database` takes the place of a database of that name; who has lent it empties it.
    """
    in_database = lent_database or name
    variables = {
        **stack.environment(),
        "RELANCE_MONGO__DATABASE": in_database,
        "TEMPORAL_NAMESPACE": name,
        **(environment or {}),
    }
    mongo = Settings().mongo.model_copy(update={"uri": SecretStr(stack.mongo_uri), "database": in_database})
    database = connect(mongo, privacy_of(variables))
    client = await _client(stack.temporal_address, name)
    installation = Installation(stack, client, database, variables, forks)
    try:
        yield installation
    finally:
        for worker in installation.workers:
            await worker.end()
        if lent_database is None:
            await database.client.drop_database(name)
        await database.close()


async def _client(address: str, namespace: str) -> Client:
    client = await Client.connect(address, namespace=namespace, plugins=[relance_plugin()])
    retention = Duration()
    retention.FromTimedelta(timedelta(days=30))
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=retention)
    )
    return client
