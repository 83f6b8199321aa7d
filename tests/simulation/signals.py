"""Workflows as activities and people reach them: over a way that loses calls and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from relance import ids
from relance.contracts.control import ControlChange
from relance.contracts.follow_up import FollowUpInput, InvitationEvent, Wake
from relance.contracts.names import Signal
from relance.errors import DependencyUnavailable
from tests.simulation.workflow_runtime import Execution, Workflows
from tests.simulation.world import Process
from workflows.follow_up import FollowUp

PARTS = 10
T = TypeVar("T")


class SimulatedFollowUps:
    """The port `FollowUps` of one process."""

    def __init__(self, workflows: Workflows, process: Process) -> None:
        self._workflows = workflows
        self._process = process

    async def start(self, follow_up: FollowUpInput) -> bool:
        id_ = ids.follow_up_workflow_id(follow_up.period, follow_up.user_id, follow_up.part)

        def start() -> bool:
            try:
                self._workflows.start(FollowUp, follow_up, id_, WorkflowIDReusePolicy.REJECT_DUPLICATE)
            except WorkflowAlreadyStartedError:
                return False
            return True

        return await call(self._workflows, self._process, f"start {id_}", start)

    async def tell(self, event: InvitationEvent) -> bool:
        key = ids.parse_invitation_id(event.invitation_id)

        def tell() -> bool:
            parts = self._parts(key.period, key.user_id)
            return sum(execution.signal(Signal.EVENT, event) for execution in parts) > 0

        return await call(self._workflows, self._process, f"tell {event.kind} {event.invitation_id}", tell)

    async def stop(self, period: str, user_id: str, reason: str) -> int:
        def stop() -> int:
            return sum(execution.signal(Signal.STOP, reason) for execution in self._parts(period, user_id))

        return await call(self._workflows, self._process, f"stop {period} {user_id}", stop)

    async def running(self, period: str, user_id: str) -> int:
        def count() -> int:
            return sum(not execution.closed for execution in self._parts(period, user_id))

        return await call(self._workflows, self._process, f"count {period} {user_id}", count)

    def _parts(self, period: str, user_id: str) -> list[Execution]:
        ids_ = [ids.follow_up_workflow_id(period, user_id, part) for part in range(PARTS)]
        return [self._workflows.by_id[one] for one in ids_ if one in self._workflows.by_id]


class SimulatedCycles:
    """The port `Cycles` of one process."""

    def __init__(self, workflows: Workflows, process: Process) -> None:
        self._workflows = workflows
        self._process = process

    async def tell(self, period: str, change: ControlChange) -> bool:
        def tell() -> bool:
            execution = self._workflows.by_id.get(ids.cycle_workflow_id(period))
            return execution is not None and execution.signal(Signal.CONTROL, change)

        return await call(self._workflows, self._process, f"tell {change.state} {period}", tell)

    async def wake_follow_ups(self, period: str) -> None:
        def wake() -> None:
            for id_, execution in list(self._workflows.by_id.items()):
                if id_.startswith(ids.follow_up_workflow_id(period, "")):
                    execution.signal(Signal.WAKE, Wake())

        await call(self._workflows, self._process, f"wake {period}", wake)


async def call(workflows: Workflows, process: Process, what: str, work: Callable[[], T]) -> T:
    """Call the server for a process: refused, done without an answer, or done."""
    world = workflows.world
    if world.over:
        await world.hang()
    await world.way(process, world.dice.uniform(0.001, 0.05), work)
    if world.chance(world.rates.follow_ups):
        world.trace.fault(process.name, "temporal-before", what)
        raise DependencyUnavailable("Temporal", "simulated")
    world.trace.event(process.name, what)
    result = work()
    await asyncio.sleep(world.dice.uniform(0.001, 0.05))
    if world.chance(world.rates.follow_ups):
        world.trace.fault(process.name, "temporal-after", what)
        raise DependencyUnavailable("Temporal", "simulated")
    return result
