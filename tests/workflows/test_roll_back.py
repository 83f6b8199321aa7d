from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper

from relance.contracts.cycle import MailCounts
from relance.contracts.names import TaskQueue
from relance.contracts.rollback import (
    CorrectionInput,
    CorrectionResult,
    GivenUp,
    GiveUpInput,
    RollBackInput,
    RollBackResult,
)
from tests.workflows.conftest import Serve
from workflows.roll_back import RollBack

PERIOD = "2026-11"
GREYLISTED = timedelta(minutes=5)


@dataclass
class Archive:
    """Answers for the activities: mails in flight until looked at so often, and corrections page by page."""

    in_flight: list[int] = field(default_factory=list)
    pages: dict[str | None, str | None] = field(default_factory=lambda: {None: "u2", "u2": None})
    put_off: dict[str | None, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def activities(self) -> Sequence[Callable[..., Any]]:
        return [self.give_up, self.stop_follow_ups, self.send_corrections]

    @activity.defn(name="give_up")
    async def give_up(self, request: GiveUpInput) -> GivenUp:
        self.calls.append("give up")
        in_flight = self.in_flight.pop(0) if self.in_flight else 0
        return GivenUp(changes={"invitations.sent": 7}, in_flight=in_flight, reached=9)

    @activity.defn(name="stop_follow_ups")
    async def stop_follow_ups(self, period: str) -> int:
        self.calls.append("stop")
        return 3

    @activity.defn(name="send_corrections")
    async def send_corrections(self, request: CorrectionInput) -> CorrectionResult:
        self.calls.append(f"correct {request.after} {request.last} {request.tries}")
        left = self.put_off.get(request.after, 0)
        self.put_off[request.after] = max(0, left - 1)
        counts = MailCounts(users=2, sent=5 - left if request.tries == 0 else 1, deferred=left)
        last = self.pages.get(request.after) if request.last is None else None
        return CorrectionResult(counts=counts, last=last, retry_at=request.at + GREYLISTED if left else None)


async def begin(skipper: TimeSkipper, request: RollBackInput) -> WorkflowHandle[RollBack, RollBackResult]:
    return await skipper.client.start_workflow(
        RollBack.run,
        request,
        id=f"rollback-under-test/{uuid4()}",
        task_queue=TaskQueue.OPS,
        execution_timeout=timedelta(days=3),
    )


async def test_what_was_sent_is_taken_back_before_and_after_the_follow_ups_end(
    skipper: TimeSkipper, serving: Serve
) -> None:
    archive = Archive()
    async with serving(archive.activities()):
        result = await (await begin(skipper, RollBackInput(period=PERIOD))).result()
    assert archive.calls == ["give up", "stop", "give up"]
    assert result == RollBackResult(period=PERIOD, changes={"invitations.sent": 7}, follow_ups=3, reached=9)


async def test_mails_in_flight_are_waited_for(skipper: TimeSkipper, serving: Serve) -> None:
    archive = Archive(in_flight=[2, 1])
    async with serving(archive.activities()):
        rollback = await begin(skipper, RollBackInput(period=PERIOD))
        await skipper.fast_forward(rollback, timedelta(seconds=10))
        await rollback.result()
    assert archive.calls == ["give up", "give up", "give up", "stop", "give up"]


async def test_mails_that_stay_in_flight_are_looked_at_ever_less_often(skipper: TimeSkipper, serving: Serve) -> None:
    archive = Archive(in_flight=[1] * 10)
    async with serving(archive.activities()):
        rollback = await begin(skipper, RollBackInput(period=PERIOD))
        await skipper.fast_forward(rollback, timedelta(minutes=2))
        await rollback.result()
        found = await rollback.describe()
    assert found.close_time is not None
    # Five looks each two seconds, then after a quarter of the wait so far: 30.5 s.
    assert timedelta(seconds=29) <= found.close_time - found.start_time <= timedelta(minutes=2)
    assert archive.calls == [*["give up"] * 11, "stop", "give up"]


async def test_corrections_go_page_by_page_and_those_put_off_again_later(skipper: TimeSkipper, serving: Serve) -> None:
    archive = Archive(put_off={None: 2})
    async with serving(archive.activities()):
        rollback = await begin(skipper, RollBackInput(period=PERIOD, correction=True))
        await skipper.fast_forward(rollback, timedelta(minutes=30))
        result = await rollback.result()
    assert archive.calls[3:] == ["correct None None 0", "correct u2 None 0", "correct None u2 1", "correct None u2 2"]
    assert result.corrections == MailCounts(users=4, sent=10, deferred=0)
