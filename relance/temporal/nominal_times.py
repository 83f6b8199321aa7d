"""When the Schedules were to act and what they started, asked of the server (SPEC H3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ListScheduleMatchingTimesRequest
from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from relance import ids
from relance.domain.jobs.audit import AuditStatus, Execution, Passed, Watched
from relance.temporal.errors import is_missing, unavailable

PAGE = 200
"""Nominal times at once; the server lists at most 1,000."""
LOOK_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=8), timedelta(days=366))
RPC_TIMEOUT = timedelta(seconds=10)
A_YEAR = timedelta(days=365)
"""The catch-up window of a Schedule that names none."""

NOMINAL_TIME = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
_STATUSES = {
    WorkflowExecutionStatus.RUNNING: AuditStatus.RUNNING,
    WorkflowExecutionStatus.CONTINUED_AS_NEW: AuditStatus.RUNNING,
    WorkflowExecutionStatus.COMPLETED: AuditStatus.COMPLETED,
    WorkflowExecutionStatus.FAILED: AuditStatus.FAILED,
    WorkflowExecutionStatus.CANCELED: AuditStatus.CANCELLED,
    WorkflowExecutionStatus.TERMINATED: AuditStatus.TERMINATED,
    WorkflowExecutionStatus.TIMED_OUT: AuditStatus.TIMED_OUT,
}


class TemporalNominalTimes:
    """`ports.NominalTimes` over a client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def schedule(self, job: str) -> Watched | None:
        """Return a job's Schedule; None if the server has none."""
        async with _translated("a Schedule could not be read"):
            try:
                found = await self._client.get_schedule_handle(job).describe(rpc_timeout=RPC_TIMEOUT)
            except RPCError as error:
                if is_missing(error):
                    return None
                raise
        action, info = found.schedule.action, found.info
        spec = found.raw_description.schedule.spec.SerializeToString(deterministic=True)
        return Watched(
            job=job,
            workflow_id=action.id if isinstance(action, ScheduleActionStartWorkflow) else job,
            spec=sha256(spec).hexdigest()[:16],
            catchup=found.schedule.policy.catchup_window or A_YEAR,
            paused=found.schedule.state.paused,
            created_at=info.created_at,
            changed_at=info.last_updated_at or info.created_at,
            passed=Passed(missed=info.num_actions_missed_catchup_window, overlap=info.num_actions_skipped_overlap),
        )

    async def matching(self, job: str, after: datetime, until: datetime) -> tuple[Sequence[datetime], datetime]:
        """Return nominal times later than `after`, in their order, and up to which instant these are all."""
        if after >= until:
            return (), until
        request = ListScheduleMatchingTimesRequest(namespace=self._client.namespace, schedule_id=job)
        request.start_time.FromDatetime(after)
        request.end_time.FromDatetime(until)
        async with _translated("nominal times could not be listed"):
            # The server limits how many lists a second a namespace may ask for; a moment later there is room again.
            answer = await self._client.workflow_service.list_schedule_matching_times(
                request, retry=True, timeout=RPC_TIMEOUT
            )
        times = sorted(at for time in answer.start_time if after < (at := time.ToDatetime(UTC)) <= until)
        return (times[:PAGE], times[PAGE - 1]) if len(times) > PAGE else (times, until)

    async def latest(self, job: str, until: datetime) -> datetime | None:
        """Return a job's newest nominal time up to an instant; None if a year has none."""
        for span in LOOK_BACK:
            after, newest = until - span, None
            while after < until:
                times, after = await self.matching(job, after, until)
                newest = times[-1] if times else newest
            if newest is not None:
                return newest
        return None

    async def execution(self, schedule: Watched, nominal: datetime) -> Execution | None:
        """Return the run of a nominal time, started by the Schedule or by hand; None if there was none."""
        handle = self._client.get_workflow_handle(ids.scheduled_workflow_id(schedule.workflow_id, nominal))
        async with _translated("a run could not be looked up"):
            try:
                described = await handle.describe(rpc_timeout=RPC_TIMEOUT)
            except RPCError as error:
                if is_missing(error):
                    return None
                raise
            found = _execution(described, nominal)
            if found.status is AuditStatus.TIMED_OUT and not await _was_served(handle):
                return Execution(nominal, AuditStatus.UNSERVED, found.started_at, found.closed_at)
        return found

    async def executions(self, schedule: Watched, since: datetime) -> list[Execution]:
        """Return the runs of a Schedule that were not over at `since`, as far as the server's index knows them."""
        query = (
            f"TemporalScheduledById = '{schedule.job}' AND "
            f"(ExecutionStatus = 'Running' OR CloseTime >= '{since.astimezone(UTC).isoformat()}')"
        )
        async with _translated("the runs of a Schedule could not be listed"):
            found = [workflow async for workflow in self._client.list_workflows(query, rpc_timeout=RPC_TIMEOUT)]
        nominal = ((workflow, workflow.typed_search_attributes.get(NOMINAL_TIME)) for workflow in found)
        return [_execution(workflow, at or workflow.start_time) for workflow, at in nominal]


def _execution(found: WorkflowExecution, nominal: datetime) -> Execution:
    status = _STATUSES[found.status] if found.status is not None else AuditStatus.RUNNING
    return Execution(nominal, status, found.start_time, found.close_time)


async def _was_served(handle: WorkflowHandle[Any, Any]) -> bool:
    history = await handle.fetch_history(rpc_timeout=RPC_TIMEOUT)
    return any(event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED for event in history.events)


@asynccontextmanager
async def _translated(what: str) -> AsyncIterator[None]:
    try:
        yield
    except RPCError as error:
        raise unavailable(what, error) from None
