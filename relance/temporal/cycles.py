"""Signals the workflows of cycles: the port `Cycles` on Temporal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from relance import ids
from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleProgress
from relance.contracts.names import Query, Signal, TaskQueue, Workflow
from relance.contracts.waking import WakeInput
from relance.domain.cycle.coverage import CycleFate, CycleState
from relance.errors import DependencyUnavailable
from relance.temporal.errors import is_missing, unavailable
from relance.temporal.queries import QUERY_TIMEOUT, unless_silent
from relance.temporal.schedules import RPC_TIMEOUT

_STATES = {
    WorkflowExecutionStatus.COMPLETED: CycleState.COMPLETED,
    WorkflowExecutionStatus.FAILED: CycleState.FAILED,
    WorkflowExecutionStatus.CANCELED: CycleState.CANCELLED,
    WorkflowExecutionStatus.TERMINATED: CycleState.TERMINATED,
    WorkflowExecutionStatus.TIMED_OUT: CycleState.TIMED_OUT,
}
"""Any other status is a cycle that runs."""


@dataclass(frozen=True, slots=True)
class TemporalCycles:
    """Cycles through a client; `patience` is how long a call may take."""

    client: Client
    patience: timedelta = RPC_TIMEOUT

    async def runs(self, period: str) -> bool:
        """Return whether a period's cycle runs now.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        found = await self._described(period)
        return found is not None and found.status is WorkflowExecutionStatus.RUNNING

    async def fate(self, period: str) -> CycleFate:
        """Return where a period's cycle stands, in its newest run.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        found = await self._described(period)
        if found is None:
            return CycleFate()
        state = _STATES.get(found.status, CycleState.RUNNING) if found.status is not None else CycleState.RUNNING
        return CycleFate(state=state, started_at=found.start_time)

    async def _described(self, period: str) -> WorkflowExecutionDescription | None:
        handle = self.client.get_workflow_handle(ids.cycle_workflow_id(period))
        try:
            return await handle.describe(rpc_timeout=self.patience)
        except RPCError as error:
            if not is_missing(error):
                raise unavailable("a cycle was not looked up", error) from error
            return None

    async def notify(self, period: str, change: ControlChange) -> bool:
        """Signal a period's cycle; return False if it does not run.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        handle = self.client.get_workflow_handle(ids.cycle_workflow_id(period))
        try:
            await handle.signal(Signal.CONTROL, change, rpc_timeout=self.patience)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise DependencyUnavailable("Temporal", f"a signal was not sent ({error.status.name})") from error
        return True

    async def replan(self, period: str) -> bool:
        """Have a period's cycle plan again, for users it does not know yet; return False if it does not run.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        handle = self.client.get_workflow_handle(ids.cycle_workflow_id(period))
        try:
            await handle.signal(Signal.PREFERENCES_CHANGED, rpc_timeout=self.patience)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise DependencyUnavailable("Temporal", f"a signal was not sent ({error.status.name})") from error
        except RuntimeError as error:
            # A lazy client that has not been able to connect yet.
            raise DependencyUnavailable("Temporal", "a signal was not sent (not connected)") from error
        return True

    async def correct(self, period: str, truth: ControlChange) -> bool:
        """Signal the stored control to a running cycle that does not know it; return whether it was signalled.

        One that no worker answers for just now is left for the next look.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        handle = self.client.get_workflow_handle(ids.cycle_workflow_id(period))
        try:
            known: CycleProgress | None = await unless_silent(
                handle.query(Query.PROGRESS, result_type=CycleProgress, rpc_timeout=QUERY_TIMEOUT)
            )
        except RPCError as error:
            raise unavailable("a cycle was not asked what it was told", error) from error
        return known is not None and truth.newer_than(known.control) and await self.notify(period, truth)

    async def wake_follow_ups(self, period: str) -> None:
        """Start what wakes the follow-ups that a pause has held; one that runs already begins anew.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        try:
            await self.client.start_workflow(
                Workflow.WAKE_FOLLOW_UPS,
                WakeInput(period=period),
                id=ids.wake_workflow_id(period),
                task_queue=TaskQueue.OPS,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                # It may be past users whose reminders were held again since.
                id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
                static_summary=f"Wake the follow-ups of {period} that waited for the cycle to go on",
                rpc_timeout=self.patience,
            )
        except RPCError as error:
            raise unavailable("the follow-ups were not woken", error) from error
