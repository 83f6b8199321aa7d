from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from relance import ids
from relance.contracts.alerts import ChannelRoutes, Posted
from relance.contracts.cycle import CycleInput, CycleOptions
from relance.contracts.names import ErrorType, TaskQueue
from relance.contracts.reports import CycleReportInput, CycleReportPost, CycleReportResult
from tests.workflows.conftest import Serve
from tests.workflows.house import House
from workflows.cycle_report import CycleReport
from workflows.monthly_cycle import MonthlyCycle

AT = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
Handle = WorkflowHandle[CycleReport, CycleReportResult]


@dataclass
class Chats:
    """An inbox and two channels in line; `refusals` are what a channel answers first."""

    refusals: dict[str, list[ErrorType]] = field(default_factory=dict)
    posts: list[CycleReportPost] = field(default_factory=list)

    def activities(self) -> Sequence[Callable[..., Any]]:
        return [self.ways, self.post_cycle_report]

    @property
    def told(self) -> list[str]:
        return [one.channel for one in self.posts]

    @activity.defn(name="ways")
    async def ways(self) -> ChannelRoutes:
        return ChannelRoutes(always=("inbox",), order=("slack", "mail"))

    @activity.defn(name="post_cycle_report")
    async def post_cycle_report(self, request: CycleReportPost) -> Posted:
        if request.at != AT:
            # The report of a cycle that another test of this server has left behind.
            return Posted(channel=request.channel)
        if self.refusals.get(request.channel):
            # As after ten minutes of tries.
            raise ApplicationError("no", type=self.refusals[request.channel].pop(0), non_retryable=True)
        self.posts.append(request)
        return Posted(channel=request.channel)


async def begin(skipper: TimeSkipper, patience: timedelta = timedelta(days=3)) -> Handle:
    return await skipper.client.start_workflow(
        CycleReport.run,
        CycleReportInput(period="2026-11", at=AT, patience=patience),
        id=f"cycle-report-under-test/{uuid4()}",
        task_queue=TaskQueue.OPS,
        execution_timeout=timedelta(days=30),
    )


async def test_the_inbox_and_the_first_in_line_get_the_report_once(serving: Serve, skipper: TimeSkipper) -> None:
    chats = Chats()
    async with serving(chats.activities()):
        result = await (await begin(skipper)).result()
    assert result.outcomes == {"inbox": "delivered", "slack": "delivered"}
    assert sorted(chats.told) == ["inbox", "slack"]
    assert {(one.period, one.at) for one in chats.posts} == {("2026-11", AT)}


async def test_a_channel_that_is_gone_is_replaced_by_the_next(serving: Serve, skipper: TimeSkipper) -> None:
    chats = Chats({"slack": [ErrorType.CHANNEL_GONE]})
    async with serving(chats.activities()):
        result = await (await begin(skipper)).result()
    assert result.outcomes == {"inbox": "delivered", "slack": "ChannelGone", "mail": "delivered"}


async def test_what_no_channel_in_line_took_is_tried_again_and_the_inbox_is_not_told_twice(
    serving: Serve, skipper: TimeSkipper
) -> None:
    busy = [ErrorType.CHANNEL_UNAVAILABLE]
    chats = Chats({"slack": busy * 2, "mail": busy * 2})
    async with serving(chats.activities()):
        handle = await begin(skipper)
        await skipper.fast_forward(handle, timedelta(minutes=20))
        result = await handle.result()
    # On a slow machine a skip may run into a try's own limit: then it is the next in line that takes it.
    inbox, *line = chats.told
    assert (inbox, len(line)) == ("inbox", 1)
    assert line[0] in {"slack", "mail"}
    assert result.outcomes[line[0]] == "delivered"


async def test_after_some_days_it_gives_up(serving: Serve, skipper: TimeSkipper) -> None:
    busy = [ErrorType.CHANNEL_UNAVAILABLE] * 1000
    chats = Chats({"inbox": list(busy), "slack": list(busy), "mail": list(busy)})
    async with serving(chats.activities()):
        handle = await begin(skipper, patience=timedelta(minutes=30))
        await skipper.fast_forward(handle, timedelta(minutes=40))
        result = await handle.result()
    assert chats.told == []
    assert set(result.outcomes.values()) == {"ChannelUnavailable"}


async def test_a_cycle_leaves_its_report_behind_and_ends_without_it(serving: Serve, skipper: TimeSkipper) -> None:
    period = f"{datetime.now(UTC) + timedelta(days=62):%Y-%m}"
    house = House(planned={"u1": datetime.now(UTC)})
    async with serving(house.activities()):
        handle = await skipper.client.start_workflow(
            MonthlyCycle.run,
            CycleInput(period=period, options=CycleOptions(), send_now=True),
            id=f"cycle-under-test/{uuid4()}",
            task_queue=TaskQueue.INVITATIONS,
            execution_timeout=timedelta(days=100),
        )
        result = await handle.result()
        report = skipper.client.get_workflow_handle(ids.cycle_report_workflow_id(period))
        await report.result()
    assert result.sent == 1
    assert [one.channel for one in house.reports if one.period == period] == ["inbox"]
