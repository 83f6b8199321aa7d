"""Starting a cycle by hand: once per period, whatever ran before."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from relance import ids
from relance.cli.output import cell
from relance.cli.services import Database
from relance.contracts.cycle import CycleInput, CycleStatistics
from relance.contracts.names import TaskQueue, Workflow
from relance.temporal.schedules import RPC_TIMEOUT


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a request to start a cycle; `state` is `started`, `running` or `done`.

    `statistics` is the stored report of a cycle that the server need not be asked about any more.
    """

    state: str
    sentence: str
    handle: WorkflowHandle[object, CycleStatistics]
    statistics: CycleStatistics | None = None


def cycle_handle(client: Client, period: str) -> WorkflowHandle[object, CycleStatistics]:
    """Return the handle of a period's cycle."""
    return client.get_workflow_handle(ids.cycle_workflow_id(period), result_type=CycleStatistics)


async def open_cycle(client: Client, database: Database, request: CycleInput) -> Opened:
    """Start a cycle unless its period is open or done already; one that failed or was stopped starts again."""
    handle = cycle_handle(client, request.period)
    stored = await database.job_runs.statistics(request.period)
    if stored is not None and stored.open == 0 and stored.plans_open == 0:
        # The server forgets closed workflows after its retention; the stored report stays.
        sentence = f"The cycle of {request.period} is done already: {stored.sent} invitations were sent."
        return Opened("done", sentence, handle, stored)
    # One that has ended with plans open has completed, and goes on all the same.
    left = stored is not None and stored.plans_open > 0
    policy = WorkflowIDReusePolicy.ALLOW_DUPLICATE if left else WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
    try:
        await client.start_workflow(
            Workflow.MONTHLY_CYCLE,
            request,
            id=handle.id,
            task_queue=TaskQueue.INVITATIONS,
            id_reuse_policy=policy,
            static_summary=f"Invitations of {request.period}",
            rpc_timeout=RPC_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        return await _already(handle, request.period)
    return Opened("started", f"The cycle of {request.period} is started.", handle)


async def _already(handle: WorkflowHandle[object, CycleStatistics], period: str) -> Opened:
    found = await handle.describe(rpc_timeout=RPC_TIMEOUT)
    if found.status is WorkflowExecutionStatus.RUNNING:
        sentence = f"The cycle of {period} runs already, since {cell(found.start_time)}; it is left as it is."
        return Opened("running", sentence, handle)
    return Opened("done", f"The cycle of {period} is done already, since {cell(found.close_time)}.", handle)
