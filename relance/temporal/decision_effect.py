"""Waits until a control has taken effect, by asking the cycle's workflows (SPEC C11)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle

from relance import ids
from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleProgress, WaveResult
from relance.contracts.names import Query
from relance.domain.cycle.control import Control
from relance.temporal.queries import QUERY_TIMEOUT, unless_silent
from relance.temporal.schedules import RPC_TIMEOUT

PATIENCE = 30.0
LOOK_EVERY = 0.1
SENDING = "send_batch"


@dataclass(frozen=True, slots=True)
class DecisionEffect:
    """Watches the workflows of one period's cycle."""

    client: Client
    control: Control

    async def seconds(self, since: float) -> float | None:
        """Wait until it has taken effect; return the seconds since then, None if it did not in time."""
        while True:
            if await self._is_there():
                return time.monotonic() - since
            if time.monotonic() - since > PATIENCE:
                return None
            await asyncio.sleep(LOOK_EVERY)

    async def _is_there(self) -> bool:
        handle: WorkflowHandle[object, object] = self.client.get_workflow_handle(ids.cycle_workflow_id(self.control.id))
        progress: CycleProgress | None = await unless_silent(
            handle.query(Query.PROGRESS, result_type=CycleProgress, rpc_timeout=QUERY_TIMEOUT)
        )
        if progress is None or not self._heard(progress.control):
            return False
        return all([await self._wave_obeys(wave) for wave in progress.current_waves])

    async def _wave_obeys(self, instant: datetime) -> bool:
        handle = self.client.get_workflow_handle(ids.wave_workflow_id(self.control.id, instant))
        wave: WaveResult | None = await unless_silent(
            handle.query(Query.PROGRESS, result_type=WaveResult, rpc_timeout=QUERY_TIMEOUT)
        )
        if wave is None or not self._heard(wave.control):
            return False
        return not ControlChange.of(self.control).stops or not await _is_sending(handle)

    def _heard(self, change: ControlChange) -> bool:
        return change.state is self.control.state


async def _is_sending(wave: WorkflowHandle[object, object]) -> bool:
    found = await unless_silent(wave.describe(rpc_timeout=RPC_TIMEOUT))
    if found is None:
        # Nobody knows: it is looked at again.
        return True
    if found.status is not WorkflowExecutionStatus.RUNNING:
        return False
    return any(
        activity.activity_type.name == SENDING and activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        for activity in found.raw_description.pending_activities
    )
