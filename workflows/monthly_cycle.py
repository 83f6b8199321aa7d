"""The cycle of one period: plan, wait for the next wave, send it, plan again; at the end settle and balance."""

from __future__ import annotations

from asyncio import CancelledError
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

from workflows.common.cycle_control import Orders
from workflows.common.cycle_details import show_end, show_progress
from workflows.common.cycle_end import give_up, note_left, record_unsent
from workflows.common.cycle_waves import AT_ONCE, Waves
from workflows.common.options import COUNT, LOOK_UP, PLAN
from workflows.common.resting import rest
from workflows.cycle_report import leave_report

with workflow.unsafe.imports_passed_through():
    from activities.planning import Planning
    from activities.statistics import Statistics
    from relance.contracts.control import ControlChange
    from relance.contracts.cycle import (
        CycleInput,
        CycleProgress,
        CycleStatistics,
        NextWave,
        NextWaveInput,
        PlanInput,
        StatisticsInput,
        WaveResult,
    )
    from relance.contracts.names import TaskQueue
    from relance.contracts.progress_notes import WaveNote
    from relance.domain.cycle.send_times import period_window
    from relance.wording.summaries import counted

SETTLE_EVERY = timedelta(minutes=5)
SETTLE_FOR = timedelta(hours=48)
"""Longer than the retry ladder of soft failures, so that every mail has its outcome before the balance is drawn."""


@workflow.defn
class MonthlyCycle:
    """Run everything for one period; id `cycle/<period>`."""

    @workflow.init
    def __init__(self, request: CycleInput) -> None:
        self._request = request
        self._options = request.options
        self._progress = request.progress or CycleProgress(period=request.period, started_at=workflow.now())
        self._orders = Orders(request.period, request.control, self._show_control)
        self._replan_asked = False
        self._waves = Waves(request, self._orders, self._add)

    @workflow.signal
    def preferences_changed(self) -> None:
        """Ask for a new planning pass before the hour is over (SPEC C4)."""
        self._replan_asked = True

    @workflow.signal
    def control(self, change: ControlChange) -> None:
        """Hear that the cycle pauses, goes on or is over; what holds is looked up in the database (SPEC C11)."""
        self._orders.hear(change)
        self._show_control()

    @workflow.query
    def progress(self) -> CycleProgress:
        """Return the progress and the current control."""
        return self._so_far().model_copy(update={"under_way": self._waves.under_way})

    @workflow.query
    def note_wave(self, note: WaveNote) -> None:
        """Hear how far a wave is; as with `SendWave.note_batch`, it is only shown."""
        self._waves.hear(note)

    @workflow.run
    async def run(self, request: CycleInput) -> CycleStatistics:
        """Return how the cycle ended."""
        try:
            while True:
                await self._send()
                if statistics := await self._settle():
                    return statistics
        except (CancelledError, FailureError) as error:
            if is_cancelled_exception(error):
                await self._leave()
            raise

    async def _send(self) -> None:
        """Plan and send until there is nothing left to send."""
        while True:
            # Started again only to end it: users without a plan need none.
            if not (self._orders.over and workflow.patched("no-plans-when-over")):
                opening = self._progress.users_planned == 0
                await self._plan()
                # Who pauses, resumes or cancels it may die between the database and the signal.
                if not opening and workflow.patched("cycle-asks"):
                    await self._orders.ask()
            over = await self._send_until_replan()
            if over or workflow.info().is_continue_as_new_suggested():
                await self._waves.finish()
            if over:
                return
            if workflow.info().is_continue_as_new_suggested():
                known = {"progress": self._so_far(), "control": self._orders.control}
                workflow.continue_as_new(self._request.model_copy(update=known))

    async def _plan(self) -> None:
        self._replan_asked = False
        self._waves.planned()
        self._show("planning")
        result = await workflow.execute_activity_method(
            Planning.plan,
            PlanInput(
                period=self._request.period,
                at=workflow.now(),
                max_late=self._options.max_late,
                opening=self._progress.users_planned == 0,
                send_now=self._request.send_now,
                not_before=self._request.not_before,
            ),
            summary=f"write the plans of {self._request.period}",
            **PLAN,
        )
        self._update(users_planned=result.users, notes=result.notes)

    async def _send_until_replan(self) -> bool:
        """Send what comes due until it is time to plan again; return True when the cycle is over."""
        replan_at = workflow.now() + self._options.replan_every
        while not (self._replan_asked or workflow.info().is_continue_as_new_suggested()) and workflow.now() < replan_at:
            if self._orders.over:
                return True
            control = self._orders.control
            wave = await self._next_wave()
            self._update(next_wave=wave.instant)
            if wave.instant is not None and wave.instant <= workflow.now():
                if self._waves.comes_again(wave.instant):
                    continue
                free = len(self._waves.running) < AT_ONCE and not self._orders.control.stops
                if free and await self._waves.may_begin():
                    self._waves.start(wave.instant, wave.users)
                    self._show("sending")
                    continue
            elif self._is_over(wave):
                return True
            await self._wait_for(wave, replan_at, control)
        return self._orders.over

    def _is_over(self, wave: NextWave) -> bool:
        if self._waves.running or self._waves.waiting:
            return workflow.now() > self._last_instant() + self._options.max_late and not self._waves.running
        if self._request.send_now:
            return wave.instant is None
        return workflow.now() >= self._last_instant() and (
            # No user's send time is later; whatever plan says so is not waited for, but counted as left open.
            wave.instant is None or workflow.patched("instants-beyond-the-period")
        )

    def _last_instant(self) -> datetime:
        if self._request.send_now:
            return self._progress.started_at or workflow.now()
        return period_window(self._request.period)[1]

    async def _next_wave(self) -> NextWave:
        return await workflow.execute_activity_method(
            Planning.next_wave,
            NextWaveInput(period=self._request.period, excluding=self._waves.excluded),
            summary="look up the next wave",
            **LOOK_UP,
        )

    async def _wait_for(self, wave: NextWave, replan_at: datetime, control: ControlChange) -> None:
        # A cycle without further waves still ends at the end of its period, not an hour later.
        ends = replan_at if self._waves.running or self._last_instant() <= workflow.now() else self._last_instant()
        # Too many waves began within the hour: the one that is due waits for the rest of it.
        ahead = [
            at for at in (wave.instant, ends, replan_at, self._waves.free_at) if at is not None and at > workflow.now()
        ]
        until = min(ahead, default=replan_at)
        running = len(self._waves.running)
        self._show("sending" if running else "waiting")
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._replan_asked or len(self._waves.running) < running or self._orders.control != control,
                timeout=until - workflow.now(),
                timeout_summary=f"{self._what_comes(until, wave)} at {until:%Y-%m-%d %H:%M} UTC",
            )

    def _what_comes(self, until: datetime, wave: NextWave) -> str:
        if until == wave.instant:
            return f"wave of {counted(wave.users, 'user')}"
        return "end of the period" if until == self._last_instant() else "next planning pass"

    async def _settle(self) -> CycleStatistics | None:
        """Return the balance once every mail has its outcome; None when there is something to send after all."""
        begun, recorded = workflow.now(), None
        give_up_at = begun + SETTLE_FOR
        while True:
            # Noted before the ledger is counted: a control that arrives meanwhile ends the wait at once.
            control = self._orders.control
            if self._orders.over:
                self._show("giving up")
                await give_up(self._request.period, self._orders.control.words)
            # Once, and once more for what was given up meanwhile.
            if recorded is not self._orders.over and workflow.patched("unsent-recorded"):
                recorded = self._orders.over
                self._show("recording who got no mail")
                await record_unsent(self._request.period)
            last = self._orders.over or workflow.now() >= give_up_at
            self._show("balancing")
            statistics = await self._balance(interim=True, last=last)
            left = statistics.plans_open > 0 and not self._orders.over and workflow.patched("plans-left-open")
            if (statistics.open == 0 and not left) or (last if left else workflow.now() >= give_up_at):
                break
            if left and (await self._next_wave()).instant is not None:
                return None
            self._show("settling")
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._orders.control != control,  # noqa: B023 - waited for here
                    timeout=rest(SETTLE_EVERY, begun, "settles-less-often"),
                    timeout_summary=f"{counted(statistics.open, 'mail')} still with the follow-ups"
                    + (f", {counted(statistics.plans_open, 'plan')} open" if left else ""),
                )
        if statistics.interim:
            statistics = await self._balance(interim=False, last=True)
        if workflow.patched("cycle-report"):
            await leave_report(self._request.period)
        self._update(stage="done")
        show_end(statistics, self._orders.control.words)
        return statistics

    async def _balance(self, *, interim: bool, last: bool) -> CycleStatistics:
        return await workflow.execute_activity_method(
            Statistics.balance,
            StatisticsInput(
                period=self._request.period,
                progress=self._progress,
                at=workflow.now(),
                interim=interim,
                last=last,
            ),
            task_queue=TaskQueue.OPS,
            summary=f"balance the ledger of {self._request.period}",
            **COUNT,
        )

    async def _leave(self) -> None:
        """End as somebody has asked the server to: no wave is cut off, and people hear of what is left."""
        self._show("cancelled by hand, waits for its waves")
        await self._waves.finish()
        await note_left(self._request.period)

    def _add(self, wave: WaveResult) -> None:
        before = self._progress
        self._update(
            waves_done=before.waves_done + 1,
            counts=before.counts + wave.counts,
            batches_failed=before.batches_failed + wave.batches_failed,
            slowest_batch=max(before.slowest_batch, wave.slowest_batch),
            rss_peak_mb=max(before.rss_peak_mb, wave.rss_peak_mb),
            sending_time=before.sending_time + wave.sending,
        )

    def _update(self, **changes: object) -> None:
        self._progress = self._progress.model_copy(update=changes)

    def _so_far(self) -> CycleProgress:
        waves = {"current_waves": tuple(sorted(self._waves.running)), **self._waves.carried}
        return self._progress.model_copy(update={**waves, "control": self._orders.control})

    def _show_control(self) -> None:
        self._show(self._progress.stage)

    def _show(self, stage: str) -> None:
        self._update(stage=stage)
        show_progress(self._progress, self._orders.control.words)
