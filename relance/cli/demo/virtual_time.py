"""Workflows in fast motion on a server that allows time skipping: a month passes in seconds (ARCHITECTURE section 3).

Each workflow has a clock of its own; a skip stops at every timer on its way and waits for the activities it starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from relance.cli.start.opening import cycle_handle
from relance.contracts.cycle import CycleProgress
from relance.contracts.follow_up import FollowedState
from relance.contracts.names import Query
from relance.domain.cycle.send_times import period_window
from relance.ports.ledger import FollowUpParts
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.queries import until_answered
from relance.temporal.schedules import RPC_TIMEOUT

PAUSE = 0.1
BEYOND = timedelta(seconds=1)
SETTLING = timedelta(minutes=5)
AT_ONCE = 16


class VirtualTime:
    """The clocks of workflows."""

    def __init__(self, client: Client) -> None:
        self._skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))

    async def now(self, handle: WorkflowHandle[Any, Any]) -> datetime:
        """Return what a workflow takes for now."""
        return await self._skipper.get_current_time(handle)

    async def advance(self, handle: WorkflowHandle[Any, Any], to: datetime) -> None:
        """Move a workflow's clock forward to an instant, unless it is there already or the workflow ends before."""
        ahead = to - await self.now(handle)
        if ahead > timedelta(0):
            await self._skipper.fast_forward(handle, ahead)


class FastMotion:
    """Moves workflows of one period through virtual time."""

    def __init__(self, client: Client, ledger: FollowUpParts, period: str) -> None:
        self._client = client
        self._period = period
        self._follow_ups = TemporalFollowUps(client, ledger)
        self._time = VirtualTime(client)

    async def next_wave(self) -> bool:
        """Move the cycle to its next wave and let it be sent; return False when the cycle has no more waves."""
        handle = cycle_handle(self._client, self._period)
        progress = await self._idle(handle)
        if progress is None or progress.stage != "waiting":
            return False
        await self._time.advance(handle, (progress.next_wave or period_window(self._period)[1]) + BEYOND)
        await self._idle(handle)
        return True

    async def settle(self) -> bool:
        """Let the cycle look again whether every mail has its outcome; return False when it has ended."""
        handle = cycle_handle(self._client, self._period)
        if await self._idle(handle) is None:
            return False
        await self._time.advance(handle, await self._time.now(handle) + SETTLING)
        return True

    async def follow_ups(self, user_ids: list[str]) -> list[WorkflowHandle[Any, Any]]:
        """Return the follow-ups of these users that run now."""
        return [handle for user in user_ids async for handle in self._follow_ups.handles(self._period, user)]

    async def run_steps(self, handle: WorkflowHandle[Any, Any], until: Callable[[FollowedState], bool]) -> None:
        """Move a follow-up from step to step for as long as any of its steps satisfies `until`."""
        while await self._running(handle):
            steps: list[FollowedState] | None = await until_answered(
                lambda: handle.query(Query.STEPS, result_type=list[FollowedState], rpc_timeout=RPC_TIMEOUT)
            )
            due = [state.due for state in steps or () if state.due is not None and until(state)]
            if not due:
                return
            await self._time.advance(handle, min(due) + BEYOND)
            await asyncio.sleep(PAUSE / 10)

    async def _idle(self, handle: WorkflowHandle[Any, Any]) -> CycleProgress | None:
        """Wait until the cycle only waits for time to pass; None when it has ended."""
        while await self._running(handle):
            progress: CycleProgress | None = await until_answered(
                lambda: handle.query(Query.PROGRESS, result_type=CycleProgress, rpc_timeout=RPC_TIMEOUT)
            )
            if progress is None:
                return None
            due = progress.next_wave is not None and progress.next_wave <= await self._time.now(handle)
            if progress.stage in {"waiting", "settling"} and not progress.current_waves and not due:
                return progress
            await asyncio.sleep(PAUSE)
        return None

    async def _running(self, handle: WorkflowHandle[Any, Any]) -> bool:
        found = await until_answered(lambda: handle.describe(rpc_timeout=RPC_TIMEOUT))
        return found is not None and found.status is WorkflowExecutionStatus.RUNNING
