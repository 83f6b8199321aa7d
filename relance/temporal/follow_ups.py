"""Starts and signals the follow-up workflows: the port `FollowUps` on Temporal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from relance import ids
from relance.contracts.follow_up import FollowUpInput, InvitationEvent
from relance.contracts.names import Signal, TaskQueue, Workflow
from relance.errors import DependencyUnavailable
from relance.ports.ledger import FollowUpParts
from relance.temporal.errors import NAME, is_missing, unavailable

RPC_TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class TemporalFollowUps:
    """Follow-ups through a client; a worker passes its own, so that they start without a detour (eager start).

    A user's contacts are spread over follow-ups by the hundred. Which there may be is known from the ledger and never
    probed: one of which nobody was invited does not exist, and the next one does. `eager` must be off where worker
    versioning is on: the server would not know which version a run began under. `queue` is that of the follow-ups that
    are started.
    """

    client: Client
    ledger: FollowUpParts
    eager: bool = True
    queue: TaskQueue = TaskQueue.MAIL

    async def start(self, follow_up: FollowUpInput) -> bool:
        """Start a follow-up; return False if it was started before.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        try:
            await self.client.start_workflow(
                Workflow.FOLLOW_UP,
                follow_up.on(self.queue),
                id=ids.follow_up_workflow_id(follow_up.period, follow_up.user_id, follow_up.part),
                task_queue=self.queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                request_eager_start=self.eager,
                static_summary=f"Reminders of user {follow_up.user_id} for {follow_up.period}",
            )
        except WorkflowAlreadyStartedError:
            return False
        except RPCError as error:
            raise unavailable("a follow-up was not started", error) from error
        return True

    async def notify(self, event: InvitationEvent, *, parts: int | None = None) -> bool:
        """Signal the follow-up of an invitation; return False if it does not exist or has ended; see `ports`.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        part = 0 if parts == 1 else await self.ledger.part_of(event.invitation_id)
        if part is None:
            return False
        key = ids.parse_invitation_id(event.invitation_id)
        # Who joins while a batch is tried again moves the contacts behind him by one: from the hundred before.
        notified = [
            await self._signal(key.period, key.user_id, number, Signal.EVENT, event)
            for number in {part, max(part - 1, 0)}
        ]
        return any(notified)

    async def stop(self, period: str, user_id: str, reason: str) -> int:
        """End a user's follow-ups of a period; return how many were running.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        parts = (await self.ledger.parts(period, [user_id]))[user_id]
        return sum([await self._signal(period, user_id, part, Signal.STOP, reason) for part in range(parts)])

    async def running(self, period: str, user_id: str) -> int:
        """Count a user's running follow-ups of a period.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        return len([handle async for handle in self.handles(period, user_id)])

    async def handles(self, period: str, user_id: str) -> AsyncIterator[WorkflowHandle[Any, Any]]:
        """Yield a user's follow-ups of a period that run.

        Raises:
            DependencyUnavailable: the server or the database does not answer.
        """
        for part in range((await self.ledger.parts(period, [user_id]))[user_id]):
            handle = self.client.get_workflow_handle(ids.follow_up_workflow_id(period, user_id, part))
            try:
                found = await handle.describe(rpc_timeout=RPC_TIMEOUT)
            except RPCError as error:
                if not is_missing(error):
                    raise unavailable("a follow-up was not looked up", error) from error
                continue
            if found.status is WorkflowExecutionStatus.RUNNING:
                yield handle

    async def _signal(self, period: str, user_id: str, part: int, signal: Signal, argument: object) -> bool:
        """Signal one follow-up; return False if it does not exist or has ended."""
        handle = self.client.get_workflow_handle(ids.follow_up_workflow_id(period, user_id, part))
        try:
            await handle.signal(signal, argument, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if not is_missing(error):
                raise unavailable("a signal was not sent", error) from error
            return False
        except RuntimeError as error:
            # A lazy client that has not been able to connect yet.
            raise DependencyUnavailable(NAME, "a signal was not sent (not connected)") from error
        return True
