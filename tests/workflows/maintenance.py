"""The jobs that keep the house, behind the activities' names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from relance.contracts.alerts import Posted
from relance.contracts.jobs import Ended, EndedInput, Expired, JobOutcome, JobRequest, SweepInput
from relance.contracts.names import ErrorType
from relance.contracts.privacy import ForgetInput, ForgetStep
from relance.contracts.reports import ReportDone, ReportInput, ReportPost, ReportTaken
from relance.contracts.waking import WakeInput, WakeResult


@dataclass
class Maintenance:
    """Answers what it is told to; `full` are the channels that take no report for as many tries as it says."""

    expired: Expired = field(default_factory=Expired)
    ended: Ended = field(default_factory=Ended)
    swept: int = 1
    post: bool = True
    full: dict[str, int] = field(default_factory=dict)
    broken: bool = False
    under_way: int = 1
    asked: list[Any] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)

    def activities(self) -> Sequence[Callable[..., Any]]:
        return [
            self.reconcile,
            self.repair,
            self.expire,
            self.end,
            self.sweep,
            self.take_report,
            self.post_report,
            self.report_done,
            self.give_report_up,
            self.wake_held,
            self.forget_person,
            self.look_again,
        ]

    @activity.defn(name="reconcile")
    async def reconcile(self, request: JobRequest) -> JobOutcome:
        self.asked.append(request)
        if self.broken:
            raise ApplicationError("a bug", type=ErrorType.BUG, non_retryable=True)
        return JobOutcome(counts={"users_watched": 2, "follow_ups_restarted": 1})

    @activity.defn(name="repair")
    async def repair(self, request: JobRequest) -> JobOutcome:
        self.asked.append("repair")
        return JobOutcome(counts={"alert_groups_restarted": 1})

    @activity.defn(name="wake_held")
    async def wake_held(self, request: WakeInput) -> WakeResult:
        self.asked.append(request)
        return WakeResult(users=2, woken=2)

    @activity.defn(name="forget_person")
    async def forget_person(self, request: ForgetInput) -> ForgetStep:
        self.asked.append(request)
        under_way, self.under_way = self.under_way, max(0, self.under_way - 1)
        return ForgetStep(under_way=under_way, found={} if under_way else {"invitations": 2})

    @activity.defn(name="look_again")
    async def look_again(self, request: ForgetInput) -> ForgetStep:
        self.asked.append("once more")
        return ForgetStep()

    @activity.defn(name="expire")
    async def expire(self, request: JobRequest) -> Expired:
        self.asked.append(request)
        return self.expired

    @activity.defn(name="ended")
    async def end(self, request: EndedInput) -> Ended:
        self.asked.append(request)
        return self.ended

    @activity.defn(name="sweep")
    async def sweep(self, request: SweepInput) -> int:
        self.asked.append(request)
        return self.swept

    @activity.defn(name="take_report")
    async def take_report(self, request: ReportInput) -> ReportTaken:
        self.asked.append(request)
        return ReportTaken(since=request.nominal - timedelta(days=1), post=self.post, counts={"open_alerts": 3})

    @activity.defn(name="post_report")
    async def post_report(self, request: ReportPost) -> Posted:
        left = self.full.get(request.channel, 0)
        if left:
            self.full[request.channel] = left - 1
            raise ApplicationError("busy", type=ErrorType.CHANNEL_UNAVAILABLE, non_retryable=True)
        self.posts.append(request.channel)
        return Posted(channel=request.channel)

    @activity.defn(name="report_done")
    async def report_done(self, request: ReportDone) -> None:
        self.asked.append("done")

    @activity.defn(name="give_report_up")
    async def give_report_up(self, request: ReportDone) -> None:
        self.asked.append("given up")
