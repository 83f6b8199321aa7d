"""How many events follow-ups have had, over all their runs, without those that only the moving of time costs."""

from __future__ import annotations

from collections.abc import Mapping

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from relance.concurrency import at_once
from relance.contracts.names import Workflow
from relance.ids import follow_up_workflow_id

OF_THE_MOVING = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
}


async def events_of_follow_ups(client: Client, period: str) -> dict[str, int]:
    """Return the events of each follow-up of a period, by workflow id."""
    first = follow_up_workflow_id(period, "")
    query = f"WorkflowType = '{Workflow.FOLLOW_UP.value}' AND WorkflowId STARTS_WITH '{first}'"
    runs = [(one.id, one.run_id) async for one in client.list_workflows(query)]
    counts = await at_once(runs, lambda run: _events(client, *run))
    found: dict[str, int] = {}
    for (workflow_id, _), count in zip(runs, counts, strict=True):
        found[workflow_id] = found.get(workflow_id, 0) + count
    return found


def grown(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Return by how many events each grew that was there before."""
    return {one: after.get(one, count) - count for one, count in before.items()}


async def _events(client: Client, workflow_id: str, run_id: str) -> int:
    history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
    return sum(event.event_type not in OF_THE_MOVING for event in history.events)
