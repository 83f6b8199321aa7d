"""The installation on which somebody lays hands, and the hands: the real `temporal` CLI."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowExecutionStatus

from relance import ids
from relance.adapters.message_ids import SealedMessageIds
from relance.contracts.cycle import CycleInput, CycleOptions
from relance.contracts.jobs import JobInput, JobResult
from relance.contracts.names import TaskQueue, Workflow
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.devstack.temporal_server import find_binary
from relance.domain.alerts.model import Rule
from relance.settings.mail import MailGroup
from relance.temporal.repairs import state_of
from tests.faults.scenario import Say
from tests.faults.servers import Servers, restartable_servers
from tests.support.installation import CycleHandle, Installation, installed
from tests.support.keys import privacy_of
from tests.support.people import people

CONTACTS, CONNECTIONS = 3, 4
CONFIRMED_AFTER_S = 0.25
PATIENCE_S, LOOK_EVERY_S = 90.0, 0.05
OPTIONS = CycleOptions(batch_users=1, batches_in_flight=1, replan_every=timedelta(seconds=2))
ENVIRONMENT = {
    "RELANCE_MAIL__CONNECTIONS": str(CONNECTIONS),
    # Nobody else writes here: what is open was signalled long ago.
    "RELANCE_RECONCILE__GRACE": "PT0S",
    "RELANCE_ALERTS__RESOLVE_HOLD": "PT0S",
    "RELANCE_ALERTS__GROUP_WAIT": "PT0S",
}


@dataclass
class Site:
    """Servers, a worker, people; `hands` counts what was done to each period while mails were in flight."""

    servers: Servers
    installation: Installation
    mailbox: Mailbox
    users: int
    say: Say
    hands: Counter[str] = field(default_factory=Counter)
    runs: int = 0

    async def hand(self, hand: str, workflow_id: str) -> None:
        """Terminate, cancel or reset (to its first task) a workflow, as an operator does.

        Raises:
            RuntimeError: the server refused.
        """
        client = self.installation.client
        more = {
            "terminate": ["--reason", "hands"],
            "cancel": [],
            "reset": ["--reason", "hands", "--type", "FirstWorkflowTask"],
        }[hand]
        process = await asyncio.create_subprocess_exec(
            *(find_binary(), "workflow", hand, "--workflow-id", workflow_id, *more),
            *("--address", self.installation.stack.temporal_address, "--namespace", client.namespace),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"{hand} of {workflow_id}: {output.decode(errors='replace').strip()}")

    async def start(self, period: str, *, send_now: bool = True) -> CycleHandle:
        """Start the cycle of a period, again if it was ended by hand, as `start cycle` does."""
        client = self.installation.client
        await client.start_workflow(
            Workflow.MONTHLY_CYCLE,
            CycleInput(period=period, send_now=send_now, options=OPTIONS),
            id=ids.cycle_workflow_id(period),
            task_queue=TaskQueue.INVITATIONS,
        )
        return client.get_workflow_handle(ids.cycle_workflow_id(period))

    async def reconcile(self) -> dict[str, int]:
        """Run the reconciliation now; return what it counted."""
        self.runs += 1
        nominal = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=self.runs)
        result: JobResult = await self.installation.client.execute_workflow(
            Workflow.RECONCILE,
            JobInput(nominal=nominal),
            id=f"reconcile-by-hand/{self.runs}",
            task_queue=TaskQueue.OPS,
            result_type=JobResult,
        )
        return {**result.counts, "failed": int(result.state == "failed")}

    async def is_told(self, rule: Rule, period: str) -> bool:
        """Tell whether an alert of a rule about a period is open."""
        return any(one.rule == rule and one.subject == period for one in await self.installation.database.alerts.open())

    async def until(self, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for something that must come.

        Raises:
            RuntimeError: it does not.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await condition():
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            raise RuntimeError(f"{what}: not within {PATIENCE_S:g} s") from None

    async def mails(self, period: str, kind: str = "invitation") -> Counter[str]:
        """Return how often each mail of a kind was accepted, by Message-ID."""
        log = await self.mailbox.log()
        return Counter(
            mail.message_id
            for mail in log
            if mail.message_id
            and f".{kind}@" in mail.message_id
            and self.invitation_of(mail.message_id).startswith(f"{period}.")
        )

    def invitation_of(self, message_id: str) -> str:
        """Return the invitation whose mail has this Message-ID; empty if it is none of ours."""
        keys = privacy_of(self.installation.environment).link_keys
        return SealedMessageIds(keys, MailGroup().message_id_domain).read(message_id) or ""

    async def mailing(self, period: str) -> None:
        """Wait until some mails of a period are out, and not all."""

        async def some() -> bool:
            return len(await self.mails(period)) >= CONTACTS

        await self.until(some, f"mails of {period}")

    async def runs_now(self, workflow_id: str) -> bool:
        """Tell whether a workflow runs."""
        return await state_of(self.installation.client, workflow_id) == "running"

    async def ended(self, workflow_id: str) -> None:
        """Wait until a workflow does not run."""

        async def over() -> bool:
            return not await self.runs_now(workflow_id)

        await self.until(over, f"the end of {workflow_id}")

    async def status(self, workflow_id: str) -> WorkflowExecutionStatus | None:
        """Return the status of the newest run of a workflow."""
        return (await self.installation.client.get_workflow_handle(workflow_id).describe()).status

    async def waves(self, period: str) -> list[str]:
        """Return the ids of the waves of a period that run."""
        query = f"WorkflowType = 'SendWave' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH 'cycle/{period}'"
        return [one.id async for one in self.installation.client.list_workflows(query)]

    async def a_wave(self, period: str) -> str:
        """Wait for the wave of a period and return its id."""
        found: list[str] = []

        async def there() -> bool:
            found[:] = await self.waves(period)
            return bool(found)

        await self.until(there, f"a wave of {period}")
        return found[0]

    @property
    def raw(self) -> Any:
        """The database itself."""
        return self.installation.database.raw

    @property
    def worker_is_frozen(self) -> Any:
        """Let the worker stand still for the length of a block."""
        return _frozen(self)


@asynccontextmanager
async def _frozen(site: Site) -> AsyncIterator[None]:
    worker = site.installation.workers[-1]
    worker.freeze()
    try:
        yield
    finally:
        worker.thaw()


@asynccontextmanager
async def a_site(users: int, say: Say) -> AsyncIterator[Site]:
    """Start everything and load the people; one contact of each user has opted out."""
    async with (
        restartable_servers() as servers,
        Mailbox(servers.stack.mailbox_http) as mailbox,
        installed(servers.stack, "hands", ENVIRONMENT) as installation,
    ):
        await mailbox.add_rule(Delay(stage=SmtpStage.END_OF_DATA, seconds=CONFIRMED_AFTER_S, stored=True))
        user_documents, contact_documents = people(users, CONTACTS + 1)
        for one in contact_documents:
            if one["_id"].endswith(f"c{CONTACTS}"):
                one["status"] = "opted_out"
        await installation.load(user_documents, contact_documents)
        await installation.start_worker()
        yield Site(servers, installation, mailbox, users, say)
