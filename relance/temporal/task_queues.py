"""Who serves the task queues, and what waits in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue as QueueName
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client

from relance.contracts.names import TaskQueue

RPC_TIMEOUT = timedelta(seconds=10)
POLLED_WITHIN = timedelta(seconds=90)
"""A worker's request for work waits for a minute at the server: who has not asked for longer is gone."""
_ACTIVITIES = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
_WORKFLOWS = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue: worker processes that ask for its work, tasks that wait as the server guesses, the oldest's age."""

    queue: TaskQueue
    pollers: int
    waiting: int
    oldest: timedelta


async def pollers(client: Client, queue: TaskQueue) -> int:
    """Return how many worker processes asked for work of a queue lately (the server remembers them for minutes)."""
    return (await queue_state(client, queue)).pollers


async def queue_state(client: Client, queue: TaskQueue, since: datetime | None = None) -> QueueState:
    """Return the state of a queue; a worker counts if it has asked for work since then.

    Raises:
        RPCError: the server does not answer.
    """
    found = [await _described(client, queue, kind) for kind in (_WORKFLOWS, _ACTIVITIES)]
    return QueueState(
        queue=queue,
        pollers=min(_pollers(type_, since) for type_ in found),
        waiting=sum(type_.stats.approximate_backlog_count for type_ in found),
        oldest=max(type_.stats.approximate_backlog_age.ToTimedelta() for type_ in found),
    )


async def _described(client: Client, queue: TaskQueue, kind: TaskQueueType.ValueType) -> DescribeTaskQueueResponse:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=QueueName(name=queue), task_queue_type=kind, report_stats=True
    )
    return await client.workflow_service.describe_task_queue(request, timeout=RPC_TIMEOUT)


def _pollers(found: DescribeTaskQueueResponse, since: datetime | None) -> int:
    lately = (poller for poller in found.pollers if since is None or poller.last_access_time.ToDatetime(UTC) >= since)
    return len({poller.identity for poller in lately})
