"""The waves of a cycle as the server knows them, newest first."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle

from relance import ids
from relance.contracts.cycle import WaveResult
from relance.contracts.names import Query
from relance.temporal.queries import QUERY_TIMEOUT, unless_silent
from relance.temporal.schedules import RPC_TIMEOUT


@dataclass(frozen=True, slots=True)
class WaveLine:
    """One wave; `result` is None when nobody says what it did. `status` is `running`, `completed`, `failed`, ..."""

    instant: datetime
    workflow_id: str
    run_id: str
    status: str
    started_at: datetime
    closed_at: datetime | None
    result: WaveResult | None


async def waves(
    client: Client, period: str, *, limit: int, known: MutableMapping[str, WaveResult | None]
) -> list[WaveLine]:
    """Return the newest waves of a period; `known` keeps by run what is over, so that it is asked for once.

    Raises:
        RPCError: the server cannot be asked.
    """
    query = f"WorkflowId STARTS_WITH '{ids.wave_prefix(period)}'"
    found = client.list_workflows(query, limit=limit, rpc_timeout=RPC_TIMEOUT)
    lines = [await _line(client, execution, known) async for execution in found]
    return sorted(lines, key=lambda line: line.instant, reverse=True)


async def _line(
    client: Client, execution: WorkflowExecution, known: MutableMapping[str, WaveResult | None]
) -> WaveLine:
    handle: WorkflowHandle[object, WaveResult] = client.get_workflow_handle(
        execution.id, run_id=execution.run_id, result_type=WaveResult
    )
    if execution.status is WorkflowExecutionStatus.RUNNING:
        result = await unless_silent(handle.query(Query.PROGRESS, result_type=WaveResult, rpc_timeout=QUERY_TIMEOUT))
    else:
        if execution.run_id not in known:
            known[execution.run_id] = await _result(handle)
        result = known[execution.run_id]
    return WaveLine(
        instant=ids.instant_of_wave(execution.id),
        workflow_id=execution.id,
        run_id=execution.run_id,
        status=execution.status.name.lower() if execution.status is not None else "",
        started_at=execution.start_time,
        closed_at=execution.close_time,
        result=result,
    )


async def _result(handle: WorkflowHandle[object, WaveResult]) -> WaveResult | None:
    try:
        return await handle.result(follow_runs=False, rpc_timeout=RPC_TIMEOUT)
    except WorkflowFailureError:
        return None
