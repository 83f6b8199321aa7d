"""What an operator may do to a workflow on the server."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle

Handle = WorkflowHandle[Any, Any]


async def reset(client: Client, handle: Handle, event_id: int) -> str:
    answer = await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            workflow_task_finish_event_id=event_id,
            reason="a test",
            request_id=str(uuid4()),
        )
    )
    return answer.run_id


async def first_task(handle: Handle) -> int:
    async for event in handle.fetch_history_events():
        if event.HasField("workflow_task_completed_event_attributes"):
            return event.event_id
    raise AssertionError("no workflow task has completed")
