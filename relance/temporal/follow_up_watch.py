"""The follow-up workflows, looked for and started again: the port `FollowUpWatch` on Temporal (SPEC R8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from relance import ids
from relance.concurrency import at_once
from relance.contracts.follow_up import FollowUpInput, Wake
from relance.contracts.names import Signal, TaskQueue, Workflow
from relance.temporal.errors import is_missing, unavailable
from relance.temporal.jobs import RPC_TIMEOUT

IDS_PER_QUERY = 200
"""A query of 9 kB; the server answers it in some milliseconds."""


@dataclass(frozen=True, slots=True)
class TemporalFollowUpWatch:
    """Follow-ups through a client; `queue` is that of those it starts."""

    client: Client
    queue: TaskQueue = TaskQueue.MAIL

    async def running_among(self, follow_ups: Sequence[str]) -> set[str]:
        """Return those of these workflow ids that run now.

        Visibility is asked for many at once. It may be behind, so those it does not show are asked for one by one.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        shown: set[str] = set()
        try:
            for start in range(0, len(follow_ups), IDS_PER_QUERY):
                some = ", ".join(f"'{follow_up}'" for follow_up in follow_ups[start : start + IDS_PER_QUERY])
                query = f"ExecutionStatus = 'Running' AND WorkflowId IN ({some})"
                async for found in self.client.list_workflows(query, page_size=IDS_PER_QUERY):
                    shown.add(found.id)
        except RPCError as error:
            raise unavailable("the follow-ups were not listed", error) from error
        doubtful = [follow_up for follow_up in follow_ups if follow_up not in shown]
        running = await at_once(doubtful, self._runs)
        return shown | {follow_up for follow_up, runs in zip(doubtful, running, strict=True) if runs}

    async def wake(self, follow_up: str) -> bool:
        """Have a follow-up look again at what it holds, by its workflow id; return False if it does not run.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        try:
            await self.client.get_workflow_handle(follow_up).signal(Signal.WAKE, Wake())
        except RPCError as error:
            if not is_missing(error):
                raise unavailable("a follow-up was not woken", error) from error
            return False
        return True

    async def revive(self, follow_up: FollowUpInput) -> None:
        """Start a follow-up, also one that has ended, or signal the remaining steps to the running one.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        try:
            await self.client.start_workflow(
                Workflow.FOLLOW_UP,
                follow_up.on(self.queue),
                id=ids.follow_up_workflow_id(follow_up.period, follow_up.user_id, follow_up.part),
                task_queue=self.queue,
                # The reminders are claimed in the ledger: what an earlier run has sent is not sent again.
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                start_signal=Signal.WAKE,
                start_signal_args=[Wake(groups=follow_up.groups)],
                static_summary=f"Reminders of user {follow_up.user_id} for {follow_up.period}, started again",
            )
        except RPCError as error:
            raise unavailable("a follow-up was not started again", error) from error

    async def _runs(self, workflow_id: str) -> bool:
        try:
            found = await self.client.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if not is_missing(error):
                raise unavailable("a follow-up was not looked up", error) from error
            return False
        return found.status is WorkflowExecutionStatus.RUNNING
