"""One wave: every plan that comes due at the same instant, sent in batches (SPEC C5)."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import BATCH, LOOK_UP
from workflows.orders import Orders

with workflow.unsafe.imports_passed_through():
    from activities.follow_up_starts import FollowUpStarts
    from activities.invitations import Invitations
    from activities.planning import Planning
    from relance.contracts.control import ControlChange
    from relance.contracts.cycle import BatchesInput, BatchInput, BatchResult, Boundary, WaveInput, WaveResult
    from relance.contracts.names import TaskQueue
    from relance.domain.control import ControlState
    from relance.domain.wording import counted

BATCHES_PER_PAGE = 120
"""A page of batches costs about 1,500 events; the server asks to continue as new at 4,096."""


@workflow.defn
class SendWave:
    """Send a wave; id `cycle/<period>/wave/<instant>`; continues as new before its history grows long."""

    @workflow.init
    def __init__(self, request: WaveInput) -> None:
        self._request = request
        self._result = request.result or WaveResult(started_at=workflow.now())
        self._slots = asyncio.Semaphore(request.options.batches_in_flight)
        self._orders = Orders(request.period, self._result.control)

    @workflow.signal
    def control(self, change: ControlChange) -> None:
        """Hear that the cycle pauses, goes on or is over; the batches find out by themselves (SPEC C11)."""
        self._orders.hear(change)
        self._show()

    @workflow.query
    def progress(self) -> WaveResult:
        """Return the counts of the batches that are done, and what the wave was told last."""
        return self._result.model_copy(update={"control": self._orders.told})

    @workflow.run
    async def run(self, request: WaveInput) -> WaveResult:
        """Return what the wave did."""
        after = request.after_user
        while not self._orders.over and (boundaries := await self._next_batches(after)):
            sent = await asyncio.gather(*(self._send(boundary) for boundary in boundaries))
            self._result = self._result.model_copy(update={"sending": workflow.now() - self._started()})
            # After the last mail: the timers have three days, the mails an appointed time.
            await asyncio.gather(*(self._follow(request) for request in sent if request is not None))
            after = boundaries[-1].last
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(
                    request.model_copy(update={"after_user": after, "result": self.progress()}),
                )
        return self.progress().model_copy(update={"duration": workflow.now() - self._started()})

    def _started(self) -> datetime:
        return self._result.started_at or workflow.now()

    async def _next_batches(self, after: str | None) -> list[Boundary]:
        return await workflow.execute_activity_method(
            Planning.boundaries,
            BatchesInput(
                period=self._request.period,
                instant=self._request.instant,
                after_user=after,
                batch_users=self._request.options.batch_users,
                limit=BATCHES_PER_PAGE,
            ),
            summary="divide the wave into batches",
            **LOOK_UP,
        )

    async def _send(self, boundary: Boundary) -> BatchInput | None:
        """Send one batch; return what is left to be done for it, None if there is nothing or it failed."""
        async with self._slots:
            try:
                request, batch = await self._send_unless_stopped(boundary)
            except ActivityError:
                self._count_failure(boundary)
                return None
        if batch is None:
            return None
        self._result = self._result.with_batch(batch)
        self._show()
        # What is rolled back is followed no more; what was sent before a cancellation is.
        return None if self._orders.told.state is ControlState.ROLLED_BACK else request

    async def _send_unless_stopped(self, boundary: Boundary) -> tuple[BatchInput, BatchResult | None]:
        """Send a batch, again if it was stopped and the cycle goes on; no result if it was never begun."""
        batch: BatchResult | None = None
        while True:
            if self._orders.paused:
                await self._orders.while_paused()
            request = BatchInput(
                period=self._request.period,
                instant=self._request.instant,
                boundary=boundary,
                at=workflow.now(),
                expiry_days=self._request.options.expiry_days,
                max_late=self._request.options.max_late,
            )
            if self._orders.over:
                return request, batch
            batch = await workflow.execute_activity_method(
                Invitations.send_batch,
                request,
                task_queue=TaskQueue.MAIL,
                summary=f"{counted(boundary.users, 'user')} up to {boundary.last}",
                **BATCH,
            )
            if not batch.stopped:
                return request, batch
            await self._orders.ask()

    async def _follow(self, request: BatchInput) -> None:
        """Start the follow-ups of a batch that was sent."""
        async with self._slots:
            try:
                await workflow.execute_activity_method(
                    FollowUpStarts.start_follow_ups,
                    request,
                    task_queue=TaskQueue.MAIL,
                    summary=f"follow-ups of {counted(request.boundary.users, 'user')} up to {request.boundary.last}",
                    **BATCH,
                )
            except ActivityError:
                self._count_failure(request.boundary)

    def _show(self) -> None:
        counts, told = self._result.counts, self._orders.told.words
        workflow.set_current_details(
            (f"**{told}** · " if told else "") + f"{self._result.batches} batches · {counts.sent} sent, "
            f"{counts.skipped} skipped, {counts.failed} failed, {counts.deferred} deferred"
        )

    def _count_failure(self, boundary: Boundary) -> None:
        # The other batches go on (SPEC C9); this one's plans stay open for a later wave.
        workflow.logger.warning("batch failed", extra={"last_user": boundary.last})
        self._result = self._result.model_copy(update={"batches_failed": self._result.batches_failed + 1})
