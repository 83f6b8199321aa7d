"""The follow-up workflows, started and told by others: the port `FollowUps` on Temporal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from relance import ids
from relance.contracts.follow_up import FollowUpInput, InvitationEvent
from relance.contracts.names import Signal, TaskQueue, Workflow
from relance.temporal.errors import is_missing, unavailable

PARTS_TOLD = 100
"""A user's contacts may be spread over parts; a signal goes to each until one is missing."""

ENDED = "already completed"


@dataclass(frozen=True, slots=True)
class TemporalFollowUps:
    """Follow-ups through a client; a worker passes its own, so that they start without a detour (eager start)."""

    client: Client

    async def start(self, follow_up: FollowUpInput) -> bool:
        """Start a follow-up; return False if it was started before.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        try:
            await self.client.start_workflow(
                Workflow.FOLLOW_UP,
                follow_up,
                id=ids.follow_up_workflow_id(follow_up.period, follow_up.user_id, follow_up.part),
                task_queue=TaskQueue.INVITATIONS,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                request_eager_start=True,
                static_summary=f"Reminders of user {follow_up.user_id} for {follow_up.period}",
            )
        except WorkflowAlreadyStartedError:
            return False
        except RPCError as error:
            raise unavailable("a follow-up was not started", error) from error
        return True

    async def tell(self, event: InvitationEvent) -> bool:
        """Signal the follow-up of an invitation; return False if it does not exist or has ended.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        key = ids.parse_invitation_id(event.invitation_id)
        told = False
        for part in range(PARTS_TOLD):
            handle = self.client.get_workflow_handle(ids.follow_up_workflow_id(key.period, key.user_id, part))
            try:
                await handle.signal(Signal.EVENT, event)
                told = True
            except RPCError as error:
                if not is_missing(error):
                    raise unavailable("a signal was not sent", error) from error
                # The same status says "ended" and "never was"; after one that ended there may be a further part.
                if ENDED not in error.message:
                    break
        return told

    async def stop(self, period: str, user_id: str, reason: str) -> int:
        """End a user's follow-ups of a period; return how many were running.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        stopped = 0
        async for handle in self._parts(period, user_id):
            try:
                await handle.signal(Signal.STOP, reason)
                stopped += 1
            except RPCError as error:
                # It ended in the same moment.
                if not is_missing(error):
                    raise unavailable("a signal was not sent", error) from error
        return stopped

    async def running(self, period: str, user_id: str) -> int:
        """Count a user's running follow-ups of a period.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        return len([handle async for handle in self._parts(period, user_id)])

    async def _parts(self, period: str, user_id: str) -> AsyncIterator[WorkflowHandle[Any, Any]]:
        """Yield the parts that run; a part there never was is the end of them."""
        for part in range(PARTS_TOLD):
            handle = self.client.get_workflow_handle(ids.follow_up_workflow_id(period, user_id, part))
            try:
                found = await handle.describe()
            except RPCError as error:
                if not is_missing(error):
                    raise unavailable("a follow-up was not looked up", error) from error
                return
            if found.status is WorkflowExecutionStatus.RUNNING:
                yield handle
