"""Where cycles are told to pause, go on or stop: first the database, then the workflow (SPEC C11).

The database is the truth: whoever sends looks there, whether or not a workflow heard of it. People come in here by the
CLI, the error gate from the activities.
"""

from __future__ import annotations

from dataclasses import dataclass

from relance.contracts.control import ControlChange
from relance.domain.control import Control, ControlState
from relance.ports import Clock, Controls, Cycles

GOES_ON = frozenset({ControlState.RUNNING, ControlState.CANCELLED})
"""Reminders go out again: also those of a cancelled cycle, to whom it had invited before."""


@dataclass(frozen=True, slots=True)
class Told:
    """What holds now; `changed` is False when it held already or may not follow, `heard` when no cycle runs."""

    now: Control
    changed: bool
    heard: bool


@dataclass(frozen=True, slots=True)
class CycleDesk:
    """Tells cycles what to do; controls are the truth, cycles the workflows."""

    controls: Controls
    cycles: Cycles
    clock: Clock

    async def tell(self, period: str, state: ControlState, reason: str, by: str) -> Told:
        """Store what a cycle is told, then signal it, then wake the follow-ups that a pause has held.

        Saying the same again does the last two again. Who dies in between loses nothing: waves ask every hour, and the
        reconciliation wakes what is overdue.
        """
        wanted = Control(id=period, state=state, reason=reason, by=by, at=self.clock.now())
        now, changed = await self.controls.change(wanted)
        order = ControlChange.of(now)
        if not changed:
            # As of now: so it also ends what a workflow was told by hand, past the database.
            order = order.model_copy(update={"at": wanted.at})
        heard = now.state is state and await self.cycles.tell(period, order)
        if now.state is state and state in GOES_ON:
            await self.cycles.wake_follow_ups(period)
        return Told(now, changed, heard)
