"""Starts what takes a cycle back."""

from __future__ import annotations

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from relance import ids
from relance.contracts.names import TaskQueue, Workflow
from relance.contracts.rollback import RollBackInput, RollBackResult
from relance.temporal.schedules import RPC_TIMEOUT


async def start_rollback(client: Client, request: RollBackInput) -> WorkflowHandle[object, RollBackResult]:
    """Start RollBack for a period, or return the one that runs; started again it does what is missing."""
    handle: WorkflowHandle[object, RollBackResult] = await client.start_workflow(
        Workflow.ROLL_BACK,
        request,
        id=ids.rollback_workflow_id(request.period),
        task_queue=TaskQueue.OPS,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"Takes back the cycle of {request.period}",
        result_type=RollBackResult,
        rpc_timeout=RPC_TIMEOUT,
    )
    return handle
