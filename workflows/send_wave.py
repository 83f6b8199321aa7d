"""One wave: every plan that comes due at the same instant, sent in batches (SPEC C5)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import VersioningBehavior
from temporalio.exceptions import ActivityError

from workflows.common.cycle_control import Orders
from workflows.common.options import BATCH, LOOK_UP

with workflow.unsafe.imports_passed_through():
    from activities.follow_up_starts import FollowUpStarts
    from activities.invitations import Invitations
    from activities.planning import Planning
    from relance.contracts.control import ControlChange
    from relance.contracts.cycle import (
        BatchesInput,
        BatchInput,
        BatchResult,
        Boundary,
        MailCounts,
        WaveInput,
        WaveResult,
    )
    from relance.contracts.names import TaskQueue
    from relance.contracts.progress_notes import BatchNote
    from relance.domain.cycle.control import ControlState
    from relance.wording.summaries import counted

BATCHES_PER_PAGE = 120
"""A page of batches costs about 1,500 events; the server asks to continue as new at 4,096."""

SLOW_AFTER = timedelta(seconds=10)
"""When no batch waits for its turn and none has ended for so long, those that are left are slow."""


@workflow.defn
class SendWave:
    """Send a wave; id `cycle/<period>/wave/<instant>`; continues as new before its history grows long."""

    @workflow.init
    def __init__(self, request: WaveInput) -> None:
        self._request = request
        self._result = request.result or WaveResult(started_at=workflow.now())
        self._slots = asyncio.Semaphore(request.options.batches_in_flight)
        self._follow_slots = asyncio.Semaphore(request.options.batches_in_flight)
        self._orders = Orders(request.period, self._result.control, self._show)
        self._cancelled = False
        self._begun = 0
        self._busy = 0
        self._noted: dict[str, MailCounts] = {}
        self._finished: list[BatchInput] = []
        self._finished_at = workflow.now()

    @workflow.signal
    def control(self, change: ControlChange) -> None:
        """Hear that the cycle pauses, goes on or is over; what holds is looked up in the database (SPEC C11)."""
        self._orders.hear(change)
        self._show()

    @workflow.query
    def progress(self) -> WaveResult:
        """Return the counts of the batches, done and under way, and the current control of the wave's cycle."""
        return self._so_far().model_copy(update={"under_way": self._under_way()})

    @workflow.query
    def note_batch(self, note: BatchNote) -> MailCounts:
        """Hear how far a batch under way is; return the counts of all batches, done and under way.

        No history knows what a query brings, and a replay has forgotten it until the next one: so it is only shown, by
        `progress`, and nothing that the workflow does may depend on it.
        """
        if note.last_user in self._noted:
            self._noted[note.last_user] = note.counts
        return self._result.counts + self._under_way()

    @workflow.run
    async def run(self, request: WaveInput) -> WaveResult:
        """Return what the wave did."""
        pages = asyncio.create_task(self._pages(request))
        try:
            further = await asyncio.shield(pages)
        except asyncio.CancelledError:
            # Somebody cancels it on the server: batches under way are finished and recorded, no other one is begun.
            self._cancelled = True
            await workflow.wait_condition(lambda: pages.done() or (self._orders.paused and not self._busy))
            pages.cancel()
            raise
        if further is not None:
            workflow.continue_as_new(further)
        return self._so_far().model_copy(update={"duration": workflow.now() - self._started()})

    async def _pages(self, request: WaveInput) -> WaveInput | None:
        """Send page after page; return the input of the next run if this one grows long."""
        after = request.after_user
        while not self._over and (boundaries := await self._next_batches(after)):
            if workflow.patched("follow-ups-soon"):
                if (rested := await self._page(boundaries)) is not None:
                    return request.model_copy(update={"after_user": after, "result": rested})
            else:
                sent = await asyncio.gather(*(self._send(boundary) for boundary in boundaries))
                self._result = self._result.model_copy(update={"sending": workflow.now() - self._started()})
                await self._follow_all([mail for mail in sent if mail is not None])
            after = boundaries[-1].last
            if workflow.info().is_continue_as_new_suggested():
                return request.model_copy(update={"after_user": after, "result": self._so_far()})
        return None

    @property
    def _over(self) -> bool:
        return self._orders.over or self._cancelled

    @property
    def _rests(self) -> bool:
        """Whether nothing is under way for a pause, and its hourly questions have made the history long.

        What is finished is followed by then and its plans are done: the next run finds the others, from that user on.
        """
        long = self._request.may_continue and workflow.info().is_continue_as_new_suggested()
        return long and self._orders.paused and not (self._busy or self._finished or self._orders.looks_up)

    async def _page(self, boundaries: Sequence[Boundary]) -> WaveResult | None:
        """Send a page of batches; the mails go first, but no finished batch waits long for its follow-ups.

        Return what was done if a pause is to be waited for in another run.
        """
        self._begun = 0
        sending = asyncio.gather(*(self._send(boundary) for boundary in boundaries))
        followed_at = self._finished_at = workflow.now()
        while not sending.done():
            if self._rests:
                return self._so_far()
            all_begun = self._begun == len(boundaries)
            due = self._finished_at + SLOW_AFTER if all_begun else followed_at + self._request.options.follow_every
            some = bool(self._finished)
            # Of a paused wave nobody knows when its other mails go out.
            if some and (self._orders.paused or due <= workflow.now()):
                await self._follow_finished()
                followed_at = workflow.now()
                continue
            # No timer while nothing has finished: a slow batch takes hours.
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: (
                        sending.done()
                        or self._rests
                        or (self._orders.paused and bool(self._finished))
                        or (self._begun == len(boundaries)) != all_begun  # noqa: B023 - waited for here
                        or bool(self._finished) != some  # noqa: B023 - waited for here
                    ),
                    timeout=due - workflow.now() if some else None,
                    timeout_summary="follow-ups of the batches that have ended",
                )
        await sending
        self._result = self._result.model_copy(update={"sending": workflow.now() - self._started()})
        await self._follow_finished()
        return None

    async def _follow_finished(self) -> None:
        finished, self._finished = self._finished, []
        # What is rolled back is followed no more.
        if self._orders.control.state is not ControlState.ROLLED_BACK:
            await self._follow_all(finished)

    async def _follow_all(self, requests: Sequence[BatchInput]) -> None:
        await asyncio.gather(*(self._follow(request) for request in requests))

    def _under_way(self) -> MailCounts:
        return sum(self._noted.values(), MailCounts())

    def _so_far(self) -> WaveResult:
        return self._result.model_copy(update={"control": self._orders.control})

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
            self._begun += 1
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
        if self._orders.control.state is ControlState.ROLLED_BACK:
            return None
        self._finished.append(request)
        self._finished_at = workflow.now()
        return request

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
            if self._over:
                return request, batch
            self._busy += 1
            self._noted[boundary.last] = MailCounts()
            try:
                batch = await workflow.execute_activity_method(
                    Invitations.send_batch,
                    request,
                    task_queue=TaskQueue.MAIL,
                    summary=f"{counted(boundary.users, 'user')} up to {boundary.last}",
                    **BATCH,
                )
            finally:
                self._busy -= 1
                del self._noted[boundary.last]
            if not batch.stopped:
                return request, batch
            await self._orders.ask()

    async def _follow(self, request: BatchInput) -> None:
        """Start the follow-ups of a batch that was sent."""
        async with self._follow_slots:
            self._busy += 1
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
            finally:
                self._busy -= 1

    def _show(self) -> None:
        counts, control = self._result.counts, self._orders.control.words
        workflow.set_current_details(
            (f"**{control}** · " if control else "") + f"{self._result.batches} batches · {counts.sent} sent, "
            f"{counts.skipped} skipped, {counts.failed} failed, {counts.deferred} deferred"
        )

    def _count_failure(self, boundary: Boundary) -> None:
        # The other batches go on (SPEC C9); this one's plans stay open for a later wave.
        workflow.logger.warning("batch failed", extra={"last_user": boundary.last})
        self._result = self._result.model_copy(update={"batches_failed": self._result.batches_failed + 1})


@workflow.defn(name="SendWave", versioning_behavior=VersioningBehavior.PINNED)
class PinnedSendWave(SendWave):
    """The same where worker versioning is on: it ends under the version it began with (docs/versioning.md).

    A class of its own, because the server refuses the work of an unversioned worker that names a behaviour.
    """

    @workflow.init
    def __init__(self, request: WaveInput) -> None:
        super().__init__(request)

    @workflow.run
    async def run(self, request: WaveInput) -> WaveResult:
        """Return what the wave did."""
        return await super().run(request)
