"""The control of cycles: first the database, then the workflow (SPEC C11).

The database is the truth: senders read it, whether or not a workflow got the signal. People come in by the CLI, the
error gate by the activities, which pauses a cycle and notifies people (SPEC C10).
"""

from __future__ import annotations

from dataclasses import dataclass

from relance.concurrency import at_once
from relance.contracts.control import ControlChange
from relance.contracts.rollback import RollBackResult
from relance.domain.alerts.model import Rule
from relance.domain.cycle.control import Control, ControlState
from relance.domain.cycle.error_gate import Trip
from relance.ports import Clock, Compensations, Controls, Cycles, RunningFollowUps
from relance.services.alerts import AlertService
from relance.services.conditions import cycle_stopped

GOES_ON = frozenset({ControlState.RUNNING, ControlState.CANCELLED})
"""Reminders go out again: also those of a cancelled cycle, to whom it had invited before."""


@dataclass(frozen=True, slots=True)
class ControlResult:
    """What holds now; `changed` is False when it held already or may not follow, `heard` when no cycle runs."""

    now: Control
    changed: bool
    heard: bool


@dataclass(frozen=True, slots=True)
class CycleControl:
    """Pauses, resumes and stops cycles. `controls` holds the stored decision, `cycles` signals the workflows."""

    controls: Controls
    cycles: Cycles
    clock: Clock

    async def notify(self, period: str, state: ControlState, reason: str, by: str) -> ControlResult:
        """Store a control, then signal the cycle, then wake the follow-ups that a pause has held.

        Saying the same again does the last two again. Who dies in between loses nothing: waves ask every hour, and the
        reconciliation wakes what is overdue.
        """
        wanted = Control(id=period, state=state, reason=reason, by=by, at=self.clock.now())
        now, changed = await self.controls.change(wanted)
        order = ControlChange.of(now)
        if not changed:
            # As of now: so it also replaces a signal that was sent by hand, past the database.
            order = order.model_copy(update={"at": wanted.at})
        heard = now.state is state and await self.cycles.notify(period, order)
        if now.state is state and state in GOES_ON:
            await self.cycles.wake_follow_ups(period)
        return ControlResult(now, changed, heard)


PAGE = 500


async def survey(compensations: Compensations, follow_ups: RunningFollowUps, period: str) -> RollBackResult:
    """Return what taking a cycle back would change now: the same counts that doing it returns."""
    running, after = 0, None
    while page := await compensations.users(period, after, PAGE):
        running += sum(await at_once(page, lambda user: follow_ups.running(period, user)))
        after = page[-1]
    return RollBackResult(
        period=period,
        changes=dict(await compensations.survey(period, ControlState.ROLLED_BACK)),
        follow_ups=running,
        reached=await compensations.count_reached(period),
    )


ERROR_GATE = "error gate"


@dataclass(frozen=True, slots=True)
class ErrorPause:
    """Pauses a cycle and notifies people. It is idempotent: called twice it pauses once and notifies once."""

    cycles: CycleControl
    alerts: AlertService

    async def pause_on_errors(self, period: str, trip: Trip) -> None:
        """Raise a critical alert and pause a cycle; one that a person has ended meanwhile stays ended.

        People are notified first: whatever fails or dies in between, the cycle still runs and its errors stop it again.
        The other way round it could stand still without anybody knowing.
        """
        await self.alerts.fire([cycle_stopped(period, trip)])
        result = await self.cycles.notify(period, ControlState.PAUSED, trip.words, ERROR_GATE)
        if result.now.state is not ControlState.PAUSED:
            await self.alerts.clear(Rule.CYCLE_STOPPED, period)
