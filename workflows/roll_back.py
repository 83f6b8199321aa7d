"""Rolls a cycle back, and sends a correction to each contact it had reached (SPEC C11)."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.common.options import BATCH, PLAN
from workflows.common.resting import rest

with workflow.unsafe.imports_passed_through():
    from activities.corrections import Corrections
    from activities.cycle_control import Endings
    from relance.contracts.cycle import MailCounts
    from relance.contracts.names import TaskQueue
    from relance.contracts.rollback import (
        Correcting,
        CorrectionInput,
        CorrectionResult,
        GivenUp,
        GiveUpInput,
        PutOffPage,
        RollBackInput,
        RollBackResult,
    )
    from relance.wording.summaries import counted

NOTHING = timedelta(0)
IN_FLIGHT_EVERY = timedelta(seconds=2)
IN_FLIGHT_LOOKS = 300
IN_FLIGHT_FOR = IN_FLIGHT_LOOKS * IN_FLIGHT_EVERY
"""Ten minutes: a relay may take as long to answer (RFC 5321 4.5.3.2.6)."""

MOST_PUT_OFF = 2000
"""Pages; 400 kB of ids and instants, which travel with every continue-as-new. Then the oldest is tried first."""

CONTINUES = "roll-back-continues-as-new"
LOOKS_LESS = "roll-back-looks-less-often"


@workflow.defn
class RollBack:
    """Give up, end the follow-ups, send the corrections; id `rollback/<period>`.

    Started again it does what is missing.
    """

    @workflow.init
    def __init__(self, request: RollBackInput) -> None:
        self._request = request
        self._result = request.result or RollBackResult(period=request.period)
        self._place = request.correcting or Correcting()

    @workflow.query
    def progress(self) -> RollBackResult:
        """Return what was done so far."""
        return self._result

    @workflow.run
    async def run(self, request: RollBackInput) -> RollBackResult:
        """Return what was taken back."""
        if request.correcting is None:
            await self._give_up()
            self._update(follow_ups=await self._stop_follow_ups())
            # What their last steps sent was not there before.
            await self._give_up()
        if request.correction:
            await self._correct()
        return self._result

    async def _give_up(self) -> None:
        begun = workflow.now()
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
            pause = rest(IN_FLIGHT_EVERY, begun, LOOKS_LESS)
            if pause > IN_FLIGHT_EVERY and workflow.now() >= begun + IN_FLIGHT_FOR:
                return
            await workflow.sleep(pause, summary=f"{counted(given_up.in_flight, 'mail')} in flight")

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
        while not self._place.through:
            if len(self._place.put_off) >= MOST_PUT_OFF and workflow.patched(CONTINUES):
                await self._try_again()
            else:
                await self._send_page()
            self._continue_if_long()
        while self._place.put_off:
            await self._try_again()
            self._continue_if_long()

    async def _send_page(self) -> None:
        request = CorrectionInput(period=self._request.period, at=workflow.now(), after=self._place.after)
        page = await self._send(request, 0)
        if page.retry_at is not None:
            self._put_off(
                PutOffPage(after=request.after, last=page.last, deferred=page.counts.deferred, at=page.retry_at)
            )
        self._move(after=page.last or request.after, through=page.last is None)

    async def _try_again(self) -> None:
        """Send the oldest page that was put off once more, when it is due."""
        wave, *others = self._place.put_off
        self._move(put_off=tuple(others))
        ahead = (wave.at or workflow.now()) - workflow.now()
        if ahead > NOTHING:
            await workflow.sleep(ahead, summary=f"{counted(wave.deferred, 'correction')} put off")
        request = CorrectionInput(
            period=self._request.period, at=workflow.now(), after=wave.after, last=wave.last, tries=wave.tries + 1
        )
        page = await self._send(request, wave.deferred)
        if page.retry_at is not None:
            changes = {"tries": request.tries, "deferred": page.counts.deferred, "at": page.retry_at}
            self._put_off(wave.model_copy(update=changes))

    async def _send(self, request: CorrectionInput, deferred: int) -> CorrectionResult:
        """Send a page of which so many had been put off before."""
        page = await workflow.execute_activity_method(
            Corrections.send_corrections,
            request.model_copy(update={"at": workflow.now()}),
            task_queue=TaskQueue.MAIL,
            summary=f"corrections after {request.after}" if request.after else "corrections",
            **BATCH,
        )
        counts = page.counts
        if request.tries:
            counts = counts.model_copy(update={"users": 0, "deferred": counts.deferred - deferred})
        self._update(corrections=(self._result.corrections or MailCounts()) + counts)
        return page

    def _put_off(self, page: PutOffPage) -> None:
        self._move(put_off=(*self._place.put_off, page))

    def _move(self, **changes: object) -> None:
        self._place = self._place.model_copy(update=changes)

    def _continue_if_long(self) -> None:
        """Go on in a new run with everything known: a million users are 5,000 pages (SPEC C5)."""
        if workflow.info().is_continue_as_new_suggested() and workflow.patched(CONTINUES):
            workflow.continue_as_new(
                self._request.model_copy(update={"result": self._result, "correcting": self._place})
            )

    def _update(self, **changes: object) -> None:
        self._result = self._result.model_copy(update=changes)
        workflow.set_current_details(
            f"{sum(self._result.changes.values())} changes taken back, {self._result.follow_ups} follow-ups ended"
            + (f", {self._result.corrections.sent} corrections sent" if self._result.corrections else "")
        )
