"""Workflows that a person may have ended in Temporal Web: the ports of `ports.repairs` on Temporal (SPEC R8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from relance import ids
from relance.contracts.alerts import AlertInput, AlertView
from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleInput, CycleOptions, WaveLook, WaveResult
from relance.contracts.names import Query, TaskQueue, Workflow
from relance.contracts.reports import CycleReportInput
from relance.contracts.rollback import RollBackInput
from relance.domain.alerts.group import AlertGroup
from relance.domain.alerts.policy import AlertPolicy
from relance.errors import NobodyAnswers
from relance.ports.repairs import WorkflowState
from relance.temporal.errors import NAME, is_missing, unavailable
from relance.temporal.jobs import RPC_TIMEOUT
from relance.temporal.queries import unless_silent

_STATES: Mapping[WorkflowExecutionStatus, WorkflowState] = {
    WorkflowExecutionStatus.RUNNING: WorkflowState.RUNNING,
    # Of a chain of runs the newest is described: between two of them the server says so for an instant.
    WorkflowExecutionStatus.CONTINUED_AS_NEW: WorkflowState.RUNNING,
    WorkflowExecutionStatus.COMPLETED: WorkflowState.COMPLETED,
}

T = TypeVar("T")


async def state_of(client: Client, workflow_id: str) -> WorkflowState:
    """Return how the newest run of a workflow stands.

    Raises:
        DependencyUnavailable: the server does not answer.
    """
    try:
        found = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_TIMEOUT)
    except RPCError as error:
        if not is_missing(error):
            raise unavailable("a workflow was not looked up", error) from error
        return WorkflowState.UNKNOWN
    return _STATES.get(found.status, WorkflowState.CUT_OFF) if found.status else WorkflowState.UNKNOWN


async def input_of(client: Client, workflow_id: str, model: type[T]) -> T | None:
    """Return what the newest run of a workflow was started with; None if it cannot be read any more.

    Raises:
        DependencyUnavailable: the server does not answer.
    """
    try:
        async for event in client.get_workflow_handle(workflow_id).fetch_history_events(
            page_size=1, rpc_timeout=RPC_TIMEOUT
        ):
            payloads = event.workflow_execution_started_event_attributes.input.payloads
            found = await client.data_converter.decode(payloads, [model])
            return found[0] if found else None
    except RPCError as error:
        if not is_missing(error):
            raise unavailable("the input of a workflow was not read", error) from error
    return None


async def started(client: Client, workflow: Workflow, argument: Any, workflow_id: str, **options: Any) -> bool:
    """Start a workflow again under its id; return False if it runs.

    Raises:
        DependencyUnavailable: the server does not answer.
    """
    try:
        await client.start_workflow(
            workflow,
            argument,
            id=workflow_id,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            rpc_timeout=RPC_TIMEOUT,
            **options,
        )
    except WorkflowAlreadyStartedError:
        return False
    except RPCError as error:
        raise unavailable("a workflow was not started again", error) from error
    return True


@dataclass(frozen=True, slots=True)
class TemporalCycleRestarts:
    """What belongs to cycles, through a client; `options` are those of a cycle that starts now."""

    client: Client
    options: CycleOptions

    async def cycle(self, period: str) -> WorkflowState:
        """Return how a period's cycle stands."""
        return await state_of(self.client, ids.cycle_workflow_id(period))

    async def wave(self, period: str, instant: datetime) -> WaveLook:
        """Return whether the wave of an instant runs, and its result if it has completed."""
        wave_id = ids.wave_workflow_id(period, instant)
        state = await state_of(self.client, wave_id)
        if state is not WorkflowState.COMPLETED:
            return WaveLook(runs=state is WorkflowState.RUNNING)
        try:
            handle = self.client.get_workflow_handle(wave_id, result_type=WaveResult)
            return WaveLook(runs=False, result=await handle.result(rpc_timeout=RPC_TIMEOUT))
        except RPCError as error:
            raise unavailable("the result of a wave was not read", error) from error

    async def end_cycle(self, period: str, change: ControlChange) -> bool:
        """Start a cycle that is to end; return whether it did not run."""
        return await started(
            self.client,
            Workflow.MONTHLY_CYCLE,
            CycleInput(period=period, options=self.options, control=change),
            ids.cycle_workflow_id(period),
            task_queue=TaskQueue.INVITATIONS,
            static_summary=f"Ends the cycle of {period}, which was cut off",
        )

    async def rollback(self, period: str) -> tuple[WorkflowState, RollBackInput | None]:
        """Return how a period's rollback stands, and what it was asked for."""
        return await self._asked(ids.rollback_workflow_id(period), RollBackInput)

    async def start_rollback(self, request: RollBackInput) -> bool:
        """Start a rollback; return whether it did not run."""
        return await started(
            self.client,
            Workflow.ROLL_BACK,
            request,
            ids.rollback_workflow_id(request.period),
            task_queue=TaskQueue.OPS,
            static_summary=f"Takes back the cycle of {request.period}, started again",
        )

    async def report(self, period: str) -> tuple[WorkflowState, CycleReportInput | None]:
        """Return how the report of a period stands, and what it was asked for."""
        return await self._asked(ids.cycle_report_workflow_id(period), CycleReportInput)

    async def start_report(self, request: CycleReportInput) -> bool:
        """Start the report of a cycle; return whether it did not run."""
        return await started(
            self.client,
            Workflow.CYCLE_REPORT,
            request,
            ids.cycle_report_workflow_id(request.period),
            task_queue=TaskQueue.OPS,
            static_summary=f"Report of the cycle of {request.period}, started again",
        )

    async def _asked(self, workflow_id: str, model: type[T]) -> tuple[WorkflowState, T | None]:
        state = await state_of(self.client, workflow_id)
        if state is not WorkflowState.CUT_OFF:
            return state, None
        return state, await input_of(self.client, workflow_id, model)


@dataclass(frozen=True, slots=True)
class TemporalAlertRestarts:
    """Alert groups through a client; `policy` is what a group that is started again lives by."""

    client: Client
    policy: AlertPolicy

    async def members(self, group: str) -> frozenset[str] | None:
        """Return the keys of the alerts that a group's workflow holds; None if it does not run."""
        workflow_id = ids.alert_workflow_id(group)
        if await state_of(self.client, workflow_id) is not WorkflowState.RUNNING:
            return None
        try:
            handle = self.client.get_workflow_handle(workflow_id)
            view: AlertView | None = await unless_silent(
                handle.query(Query.VIEW, result_type=AlertView, rpc_timeout=RPC_TIMEOUT)
            )
        except RPCError as error:
            raise unavailable("a group of alerts was not asked", error) from error
        if view is None:
            raise NobodyAnswers(NAME, "a group of alerts cannot be asked just now")
        return frozenset(view.group.members)

    async def start(self, group: AlertGroup) -> bool:
        """Start a group's workflow with this state; return whether it did not run."""
        return await started(
            self.client,
            Workflow.ALERT,
            AlertInput(group=group.group, policy=self.policy, state=group),
            ids.alert_workflow_id(group.group),
            task_queue=TaskQueue.OPS,
            static_summary=f"Alerts of {group.group}, started again",
        )
