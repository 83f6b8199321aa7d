"""Takes back what a cycle did, and tells those it had reached (SPEC C11)."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.options import BATCH, PLAN

with workflow.unsafe.imports_passed_through():
    from activities.corrections import Corrections
    from activities.endings import Endings
    from relance.contracts.cycle import Counts
    from relance.contracts.names import TaskQueue
    from relance.contracts.rollback import (
        CorrectionInput,
        CorrectionResult,
        GivenUp,
        GiveUpInput,
        RollBackInput,
        RollBackResult,
    )
    from relance.domain.wording import counted

NOTHING = timedelta(0)
IN_FLIGHT_EVERY = timedelta(seconds=2)
IN_FLIGHT_LOOKS = 300
"""Ten minutes: a relay may take as long to answer (RFC 5321 4.5.3.2.6)."""


@workflow.defn
class RollBack:
    """Give up, end the follow-ups, send the corrections; id `rollback/<period>`. Said again it does what is missing."""

    @workflow.init
    def __init__(self, request: RollBackInput) -> None:
        self._request = request
        self._result = RollBackResult(period=request.period)

    @workflow.query
    def progress(self) -> RollBackResult:
        """Return what was done so far."""
        return self._result

    @workflow.run
    async def run(self, request: RollBackInput) -> RollBackResult:
        """Return what was taken back."""
        await self._give_up()
        self._update(follow_ups=await self._stop_follow_ups())
        # What their last steps sent was not there before.
        await self._give_up()
        if request.correction:
            await self._correct()
        return self._result

    async def _give_up(self) -> None:
        for _ in range(IN_FLIGHT_LOOKS):
            given_up: GivenUp = await workflow.execute_activity_method(
                Endings.give_up,
                GiveUpInput(period=self._request.period, at=workflow.now()),
                task_queue=TaskQueue.OPS,
                summary=f"take back what the cycle of {self._request.period} changed",
                **PLAN,
            )
            self._update(changes=given_up.changes, reached=given_up.reached)
            if not given_up.in_flight:
                return
            await workflow.sleep(IN_FLIGHT_EVERY, summary=f"{counted(given_up.in_flight, 'mail')} in flight")

    async def _stop_follow_ups(self) -> int:
        return await workflow.execute_activity_method(
            Endings.stop_follow_ups,
            self._request.period,
            task_queue=TaskQueue.OPS,
            summary="end the follow-ups",
            **PLAN,
        )

    async def _correct(self) -> None:
        """Send every page once, then again what was put off, for as long as the ladder of tries has rungs."""
        put_off: list[tuple[CorrectionInput, CorrectionResult]] = []
        request: CorrectionInput | None = CorrectionInput(period=self._request.period, at=workflow.now())
        while request is not None:
            page = await self._send(request)
            if page.retry_at is not None:
                put_off.append((request.model_copy(update={"last": page.last}), page))
            request = request.model_copy(update={"after": page.last}) if page.last is not None else None
        while put_off:
            request, before = put_off.pop(0)
            ahead = (before.retry_at or workflow.now()) - workflow.now()
            if ahead > NOTHING:
                await workflow.sleep(ahead, summary=f"{counted(before.counts.deferred, 'correction')} put off")
            request = request.model_copy(update={"tries": request.tries + 1})
            page = await self._send(request, before)
            if page.retry_at is not None:
                put_off.append((request, page))

    async def _send(self, request: CorrectionInput, before: CorrectionResult | None = None) -> CorrectionResult:
        """Send a page; `before` is what its last try came to."""
        page = await workflow.execute_activity_method(
            Corrections.send_corrections,
            request.model_copy(update={"at": workflow.now()}),
            task_queue=TaskQueue.MAIL,
            summary=f"corrections after {request.after}" if request.after else "corrections",
            **BATCH,
        )
        counts = page.counts
        if before is not None:
            counts = counts.model_copy(update={"users": 0, "deferred": counts.deferred - before.counts.deferred})
        self._update(corrections=(self._result.corrections or Counts()) + counts)
        return page

    def _update(self, **changes: object) -> None:
        self._result = self._result.model_copy(update=changes)
        workflow.set_current_details(
            f"{sum(self._result.changes.values())} changes taken back, {self._result.follow_ups} follow-ups ended"
            + (f", {self._result.corrections.sent} corrections sent" if self._result.corrections else "")
        )
