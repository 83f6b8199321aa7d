"""A person's part in the follow-ups, and the workflows that forget people: the ports of `ports.privacy` on Temporal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from relance import ids
from relance.contracts.follow_up import InvitationEvent
from relance.contracts.names import TaskQueue, Workflow
from relance.contracts.privacy import ForgetInput
from relance.domain.invitations.events import EventKind
from relance.domain.privacy.person import Person
from relance.ports.ledger import FollowUpParts
from relance.ports.privacy import PersonEntry
from relance.temporal.errors import is_missing, unavailable
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.repairs import started

RPC_TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class TemporalPersonFollowUps:
    """Follow-ups through a client."""

    client: Client
    ledger: FollowUpParts

    async def survey(self, person: Person, entries: Sequence[PersonEntry]) -> int:
        """Count the workflows that hold this person.

        Raises:
            DependencyUnavailable: the server or the database does not answer.
        """
        return len([run async for run in self._runs(person, entries)])

    async def forget(self, person: Person, entries: Sequence[PersonEntry], at: datetime) -> None:
        """Delete a user's follow-ups; end a contact's part, and delete those that have ended.

        Raises:
            DependencyUnavailable: the server or the database does not answer.
        """
        follow_ups = TemporalFollowUps(self.client, self.ledger)
        for entry in entries:
            if entry.user_id not in person.users:
                await follow_ups.notify(InvitationEvent(invitation_id=entry.id, kind=EventKind.OPTED_OUT, at=at))
        async for workflow_id, run_id, running in self._runs(person, entries):
            # One that others wait in goes on without this contact, whose id goes with its history in the end.
            if not running or _user_of(workflow_id) in person.users:
                await self._delete(workflow_id, run_id)

    async def _runs(self, person: Person, entries: Sequence[PersonEntry]) -> AsyncIterator[tuple[str, str, bool]]:
        """Yield workflow id, run id and whether it runs, of every run that is kept."""
        pairs = sorted({(entry.period, entry.user_id) for entry in entries})
        for period, user_id in pairs:
            for part in range((await self.ledger.parts(period, [user_id]))[user_id]):
                workflow_id = ids.follow_up_workflow_id(period, user_id, part)
                if user_id not in person.users and not await self._holds(entries, period, user_id, part):
                    continue
                found: dict[str, bool] = {}
                try:
                    async for run in self.client.list_workflows(f"WorkflowId = '{workflow_id}'"):
                        found[run.run_id] = run.status is WorkflowExecutionStatus.RUNNING
                    # The index may be behind.
                    newest = await self.client.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_TIMEOUT)
                    found[newest.run_id] = newest.status is WorkflowExecutionStatus.RUNNING
                except RPCError as error:
                    if not is_missing(error):
                        raise unavailable("the follow-ups of a person were not listed", error) from error
                    found = {}
                for run_id, running in found.items():
                    yield workflow_id, run_id, running

    async def _holds(self, entries: Sequence[PersonEntry], period: str, user_id: str, part: int) -> bool:
        own = [entry.id for entry in entries if (entry.period, entry.user_id) == (period, user_id)]
        # As for signals: who joined later moves those behind by one.
        places = [await self.ledger.part_of(entry) for entry in own]
        return any(part in {place, place - 1} for place in places if place is not None)

    async def _delete(self, workflow_id: str, run_id: str) -> None:
        request = DeleteWorkflowExecutionRequest(
            namespace=self.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
        )
        try:
            await self.client.workflow_service.delete_workflow_execution(request, timeout=RPC_TIMEOUT)
        except RPCError as error:
            if not is_missing(error):
                raise unavailable("the history of a follow-up was not deleted", error) from error


@dataclass(frozen=True, slots=True)
class TemporalForgettings:
    """The workflows that forget people, through a client."""

    client: Client

    async def start(self, erasure_id: str) -> bool:
        """Start the workflow of a record; return False if it runs.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        return await started(
            self.client,
            Workflow.FORGET_PERSON,
            ForgetInput(erasure_id=erasure_id),
            ids.forget_workflow_id(erasure_id),
            task_queue=TaskQueue.OPS,
            static_summary=f"Forgets the person of the record {erasure_id}",
        )


def _user_of(workflow_id: str) -> str:
    return workflow_id.split("/")[2]
