"""Who serves the task queues."""

from __future__ import annotations

from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue as QueueName
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from relance.contracts.names import TaskQueue

RPC_TIMEOUT = timedelta(seconds=10)
_ACTIVITIES = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
_WORKFLOWS = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW


async def pollers(client: Client, queue: TaskQueue) -> int:
    """Return how many worker processes asked for work of a queue lately (the server remembers them for minutes)."""
    # No workflow lives on the queue of the mails.
    kinds = [_ACTIVITIES] if queue is TaskQueue.MAIL else [_WORKFLOWS, _ACTIVITIES]
    counts = []
    for kind in kinds:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=QueueName(name=queue), task_queue_type=kind
        )
        found = await client.workflow_service.describe_task_queue(request, timeout=RPC_TIMEOUT)
        counts.append(len({poller.identity for poller in found.pollers}))
    return min(counts)
