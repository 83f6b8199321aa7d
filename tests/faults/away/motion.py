"""Workflows that keep up with a calendar.

The server's own clock cannot be moved (it is one static binary that asks the kernel), but each workflow's can: a skip
stops at every timer on its way and waits for what it starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from relance.contracts.names import Workflow
from relance.temporal.errors import is_missing
from tests.faults.away.calendar import Calendar

MOVED = (Workflow.MONTHLY_CYCLE, Workflow.SEND_WAVE, Workflow.FOLLOW_UP)
"""Alerts stay in real time: a critical one repeats every hour, for a week, which is another scenario's."""

IN_STEP = timedelta(seconds=5)
LOOK_EVERY_S = 0.05
IDLE_LOOKS = 3
WORN_OUT = 1000
"""Events of one follow-up after which it is not moved any more: what wears out that fast never comes to an end."""


class Motion:
    """Moves the cycles, waves and follow-ups of a namespace to the calendar's instant."""

    def __init__(self, client: Client, calendar: Calendar) -> None:
        self._client = client
        self._calendar = calendar
        # A wave that inherited the skipping of its cycle would run through the hours of a pause by itself.
        config = TimeSkippingConfig(enabled=False, disable_propagation=True, max_session_skip_count=5000)
        self._skipper = TimeSkipper(client, config=config)
        self.worn_out: set[str] = set()

    async def catch_up(self, without: Collection[Workflow] = ()) -> None:
        """Move all that is behind, and what they start meanwhile; not those of some types."""
        while behind := [one async for one in self._behind(without)]:
            await asyncio.gather(*(self._move(one, span) for one, span in behind))

    async def hours_pass(self, kind: Workflow, span: timedelta) -> None:
        """Move all workflows of one type by so much."""
        found = [one.id for one in await self._described() if one.workflow_type == kind]
        await asyncio.gather(*(self._move(self._client.get_workflow_handle(one), span) for one in found))

    async def quiet(self) -> None:
        """Wait until nothing is being done: each of them only waits for time to pass or to be told something."""
        looks = 0
        while looks < IDLE_LOOKS:
            busy = [one for one in await self._described() if _is_busy(one)]
            looks = 0 if busy else looks + 1
            await asyncio.sleep(LOOK_EVERY_S)

    async def _behind(self, without: Collection[Workflow]) -> AsyncIterator[tuple[WorkflowHandle[Any, Any], timedelta]]:
        for found in await self._described():
            if found.workflow_type in without:
                continue
            info = found.raw_description.workflow_extended_info
            skipped = info.HasField("time_skipping_info")
            if found.history_length > WORN_OUT and found.workflow_type == Workflow.FOLLOW_UP:
                self.worn_out.add(found.id)
            if found.id in self.worn_out:
                continue
            handle = self._client.get_workflow_handle(found.id)
            time = info.time_skipping_info.current_time.ToDatetime() if skipped else None
            now = self._calendar.now()
            behind = now.replace(tzinfo=None) - time if time else now - await self._skipper.get_current_time(handle)
            if behind > IN_STEP:
                yield handle, behind

    async def _move(self, handle: WorkflowHandle[Any, Any], span: timedelta) -> None:
        try:
            await self._skipper.fast_forward(handle, span)
        except RPCError as error:
            # It ended in the same moment.
            if not is_missing(error):
                raise

    async def _described(self) -> Sequence[WorkflowExecutionDescription]:
        types = ", ".join(f"'{one.value}'" for one in MOVED)
        query = f"ExecutionStatus = 'Running' AND WorkflowType IN ({types})"
        ids = [one.id async for one in self._client.list_workflows(query)]
        found = await asyncio.gather(*(self._client.get_workflow_handle(one).describe() for one in ids))
        return [one for one in found if one.status is WorkflowExecutionStatus.RUNNING]


def _is_busy(found: WorkflowExecutionDescription) -> bool:
    raw = found.raw_description
    return raw.HasField("pending_workflow_task") or len(raw.pending_activities) > 0
