"""The waves of one cycle: starts one per instant, joins a wave that an earlier run left, puts off a wave that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ChildWorkflowError, WorkflowAlreadyStartedError

from workflows.common.cycle_control import Orders
from workflows.common.options import LOOK_UP
from workflows.send_wave import SendWave

with workflow.unsafe.imports_passed_through():
    from activities.cycle_notes import CycleNotes
    from relance import ids
    from relance.contracts.cycle import CycleInput, MailCounts, WaveInput, WaveLook, WaveLookInput, WaveResult
    from relance.contracts.names import TaskQueue
    from relance.contracts.progress_notes import WaveNote
    from relance.contracts.waves import LeftInput, PutOffInstant, WaveHour
    from relance.wording.summaries import counted

AT_ONCE = 8
HOUR = timedelta(hours=1)
MOST_PASSES = 24
"""An instant whose waves leave plans open is tried after 1, 2, 4, ... planning passes, and then once a day."""

FIRST_LOOK, LONGEST_LOOK = timedelta(seconds=5), timedelta(minutes=15)
"""Between two looks at a wave that an earlier run of this cycle has started: its end reaches nobody."""


class Waves:
    """The waves that run, the waves that wait, and how many started within the hour; `done` gets each result."""

    def __init__(self, request: CycleInput, orders: Orders, done: Callable[[WaveResult], None]) -> None:
        before = request.progress
        self._request = request
        self._orders = orders
        self._done = done
        self._sent: set[datetime] = set()
        self._put_off = {wave.instant: wave for wave in (before.put_off if before else ())}
        self._hour = before.hour if before else None
        self.running: dict[datetime, asyncio.Task[None]] = {}
        self._heard: dict[datetime, MailCounts] = {}

    @property
    def under_way(self) -> MailCounts:
        """What the waves that run have done as far as a query has told: to be shown, never to be acted on."""
        return sum((self._heard.get(instant, MailCounts()) for instant in self.running), MailCounts())

    def hear(self, note: WaveNote) -> None:
        """Keep what a query tells of a wave."""
        if note.instant in self.running:
            self._heard[note.instant] = note.counts

    @property
    def waiting(self) -> set[datetime]:
        """The instants that wait for a later planning pass."""
        return {instant for instant, wave in self._put_off.items() if wave.passes > 0}

    @property
    def excluded(self) -> tuple[datetime, ...]:
        """The instants at which no further wave may begin now."""
        return tuple(sorted({*self.running, *self.waiting}))

    @property
    def carried(self) -> dict[str, object]:
        """What the next run of this cycle must know: fields of `CycleProgress`."""
        return {"put_off": tuple(self._put_off.values()), "hour": self._hour}

    @property
    def free_at(self) -> datetime | None:
        """When the next wave may begin if too many have begun within the hour."""
        hour = self._current_hour()
        return hour.since + HOUR if hour.waves >= self._request.options.waves_per_hour else None

    def planned(self) -> None:
        """Let what was put off come one planning pass nearer."""
        self._put_off = {
            instant: wave.model_copy(update={"passes": max(0, wave.passes - 1)})
            for instant, wave in self._put_off.items()
        }

    def comes_again(self, instant: datetime) -> bool:
        """Put an instant off whose last wave went well and left plans open: the next wave may leave them open too.

        A wave of its own for each look-up would be four or five waves a second, for ever.
        """
        if instant not in self._sent or not workflow.patched("wave-left-plans-open"):
            return False
        self._sent.discard(instant)
        self._wait(instant)
        return True

    async def may_begin(self) -> bool:
        """Return whether a further wave may begin within this hour; the first refusal is notified, and its end."""
        hour = self._current_hour()
        if self._hour is not None and self._hour.told and not hour.told:
            await self._note(0)
        self._hour = hour
        if hour.waves < self._request.options.waves_per_hour:
            return True
        if not hour.told:
            self._hour = hour.model_copy(update={"told": True})
            await self._note(hour.waves)
        return False

    def start(self, instant: datetime, users: int) -> None:
        """Start the wave of an instant in the background."""
        hour = self._current_hour()
        self._hour = hour.model_copy(update={"waves": hour.waves + 1})
        self.running[instant] = asyncio.create_task(self._send(instant, users))

    async def finish(self) -> None:
        """Wait until none runs."""
        await workflow.wait_condition(lambda: not self.running)

    async def _send(self, instant: datetime, users: int) -> None:
        try:
            result = await self._result(instant, users)
            if result is None:
                self._wait(instant)
                return
            self._done(result)
            if result.batches_failed:
                self._wait(instant)
            else:
                self._sent.add(instant)
        except ChildWorkflowError:
            # One wave never stops the others (SPEC C9); its plans stay open and come up again after the next planning.
            workflow.logger.warning("wave ended without a result", extra={"wave": instant.isoformat()})
            self._wait(instant)
        finally:
            del self.running[instant]

    async def _result(self, instant: datetime, users: int) -> WaveResult | None:
        """Send a wave, or join the one that runs; return None when the latter ended without a result."""
        try:
            child = await workflow.start_child_workflow(
                SendWave.run,
                WaveInput(
                    period=self._request.period, instant=instant, options=self._request.options, may_continue=True
                ),
                id=ids.wave_workflow_id(self._request.period, instant),
                static_summary=f"Wave of {counted(users, 'user')}, due {instant:%Y-%m-%d %H:%M} UTC",
            )
        except WorkflowAlreadyStartedError:
            # A cycle that somebody has reset starts what it has started before.
            if not workflow.patched("orphaned-wave"):
                raise
            return await self._joined(instant)
        passing = asyncio.create_task(self._pass_on(child))
        try:
            return await child
        finally:
            passing.cancel()

    async def _joined(self, instant: datetime) -> WaveResult | None:
        """Wait for a wave that an earlier run of this cycle has left behind; its end reaches nobody, so it is asked."""
        wave_id = ids.wave_workflow_id(self._request.period, instant)
        passing = asyncio.create_task(self._pass_on(workflow.get_external_workflow_handle_for(SendWave.run, wave_id)))
        wait = FIRST_LOOK
        try:
            while True:
                look: WaveLook = await workflow.execute_activity_method(
                    CycleNotes.look_at_wave,
                    WaveLookInput(period=self._request.period, instant=instant),
                    task_queue=TaskQueue.OPS,
                    summary="look whether the wave of an earlier run goes on",
                    **LOOK_UP,
                )
                # The next run of this cycle finds the wave in the same way.
                if not look.runs or workflow.info().is_continue_as_new_suggested():
                    return look.result
                await workflow.sleep(wait, summary="a wave that an earlier run of this cycle has started goes on")
                wait = min(2 * wait, LONGEST_LOOK)
        finally:
            passing.cancel()

    async def _pass_on(
        self,
        wave: workflow.ChildWorkflowHandle[SendWave, WaveResult] | workflow.ExternalWorkflowHandle[SendWave],
    ) -> None:
        """Signal each new control of the cycle to a wave, for as long as the wave runs."""
        passed = [self._request.control]
        while True:
            await workflow.wait_condition(lambda: self._orders.control != passed[-1])
            passed.append(self._orders.control)
            # It may have ended in the same moment.
            with suppress(ApplicationError):
                await wave.signal(SendWave.control, passed[-1])

    def _wait(self, instant: datetime) -> None:
        times = self._put_off[instant].times + 1 if instant in self._put_off else 1
        passes = min(2 ** (times - 1), MOST_PASSES)
        self._put_off[instant] = PutOffInstant(instant=instant, times=times, passes=passes)

    def _current_hour(self) -> WaveHour:
        if self._hour is None or workflow.now() - self._hour.since >= HOUR:
            return WaveHour(since=workflow.now())
        return self._hour

    async def _note(self, waves: int) -> None:
        await workflow.execute_activity_method(
            CycleNotes.note_waves,
            LeftInput(
                period=self._request.period,
                at=workflow.now(),
                waves=waves,
                limit=self._request.options.waves_per_hour,
            ),
            task_queue=TaskQueue.OPS,
            summary=f"note {counted(waves, 'wave')} within an hour" if waves else "note that the waves are few again",
            **LOOK_UP,
        )
