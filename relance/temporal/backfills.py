"""Past nominal times of a Schedule: which there are, and the workflow that makes up for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from relance import ids
from relance.contracts.backfill import BackfillInput, BackfillProgress
from relance.contracts.names import Query, TaskQueue, Workflow
from relance.errors import DependencyUnavailable
from relance.temporal.errors import is_missing
from relance.temporal.nominal_times import TemporalNominalTimes
from relance.temporal.queries import QUERY_TIMEOUT, unless_silent
from relance.temporal.schedules import RPC_TIMEOUT, DeclaredSchedule

MOST = 1000
"""Nominal times of one backfill: they travel with its start."""

Handle = WorkflowHandle[object, BackfillProgress]


@dataclass(frozen=True, slots=True)
class Times:
    """The nominal times of a span, both ends included; of more than MOST the first so many, and about how many."""

    times: Sequence[datetime]
    total: int

    @property
    def too_many(self) -> bool:
        """Whether they are too many for one backfill."""
        return self.total > len(self.times)


@dataclass(frozen=True, slots=True)
class BackfillStatus:
    """The newest backfill of a Schedule: whether it runs, and how far it is, None if no worker answers."""

    runs: bool
    progress: BackfillProgress | None


async def times_between(client: Client, schedule: str, first: datetime, last: datetime) -> Times:
    """Return a Schedule's nominal times of a span."""
    source, found, after = TemporalNominalTimes(client), list[datetime](), first - timedelta(seconds=1)
    while after < last and len(found) <= MOST:
        page, after = await source.matching(schedule, after, last)
        found += page
    if len(found) <= MOST:
        return Times(found, len(found))
    share = (found[MOST] - first) / (last - first)
    return Times(found[:MOST], max(MOST + 1, round(MOST / share)) if share else MOST + 1)


async def start_backfill(client: Client, wanted: DeclaredSchedule, times: Sequence[datetime]) -> Handle | None:
    """Start making up for these nominal times; None if a backfill of this Schedule runs already."""
    request = BackfillInput(
        schedule=wanted.id,
        workflow=wanted.workflow,
        workflow_id=wanted.workflow_id,
        task_queue=wanted.task_queue,
        summary=wanted.summary,
        execution_timeout=wanted.execution_timeout,
        argument=wanted.argument.model_dump(mode="json", by_alias=True),
        times=tuple(times),
    )
    try:
        return await client.start_workflow(
            Workflow.BACKFILL,
            request,
            id=ids.backfill_workflow_id(wanted.id),
            task_queue=TaskQueue.OPS,
            result_type=BackfillProgress,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            static_summary=f"Makes up for {len(times)} nominal times of {wanted.id}",
            rpc_timeout=RPC_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        return None


def backfill_handle(client: Client, schedule: str) -> Handle:
    """Return the handle of a Schedule's newest backfill."""
    return client.get_workflow_handle(ids.backfill_workflow_id(schedule), result_type=BackfillProgress)


async def standing(client: Client, schedule: str) -> BackfillStatus | None:
    """Return how a Schedule's newest backfill stands; None if the server knows of none."""
    handle = backfill_handle(client, schedule)
    try:
        found = await handle.describe(rpc_timeout=RPC_TIMEOUT)
    except RPCError as error:
        if not is_missing(error):
            raise
        return None
    runs = found.status is WorkflowExecutionStatus.RUNNING
    progress = await unless_silent(
        handle.query(Query.PROGRESS, result_type=BackfillProgress, rpc_timeout=QUERY_TIMEOUT)
    )
    return BackfillStatus(runs, progress)


async def stop_backfill(client: Client, schedule: str) -> bool:
    """Have a backfill begin no further run; return False if none runs.

    Raises:
        DependencyUnavailable: the server does not answer.
    """
    try:
        await backfill_handle(client, schedule).cancel(rpc_timeout=RPC_TIMEOUT)
    except RPCError as error:
        if is_missing(error):
            return False
        raise DependencyUnavailable("Temporal", f"the backfill was not stopped ({error.status.name})") from error
    return True
