"""A household in memory behind the activities' names: what the workflows decide is seen without any database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from relance.contracts.alerts import ChannelRoutes, Posted
from relance.contracts.control import ControlChange
from relance.contracts.cycle import (
    BatchesInput,
    BatchInput,
    BatchResult,
    Boundary,
    CycleStatistics,
    JobRunInput,
    MailCounts,
    NextWave,
    NextWaveInput,
    PlanInput,
    PlanResult,
    StatisticsInput,
    WaveLook,
    WaveLookInput,
)
from relance.contracts.reports import CycleReportPost
from relance.contracts.rollback import GivenUp, GiveUpInput
from relance.contracts.unsent import UnsentInput, UnsentResult
from relance.contracts.waves import LeftInput
from relance.domain.jobs.run import ALREADY_OPEN

WaveStates = Callable[[str, datetime], Awaitable[WaveLook]]


@dataclass
class House:
    """Users by the instant of their plan; whoever is sent to leaves `planned`.

    `control` is what the database holds: while it stops the cycle, batches come back at once, `stopped`. The plans of
    `stubborn` users stay open although their batch goes well; batches with `slow` users wait for their event. For
    `unfollowed` batches, by last user, follow-ups fail. `waves` knows how the waves stand on the server.
    """

    planned: dict[str, datetime] = field(default_factory=dict)
    joining: list[dict[str, datetime]] = field(default_factory=list)
    failing_users: set[str] = field(default_factory=set)
    open_answers: list[int] = field(default_factory=list)
    plans_made: list[PlanInput] = field(default_factory=list)
    batches: list[BatchInput] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    job_runs: list[JobRunInput] = field(default_factory=list)
    balances: int = 0
    interim: list[bool] = field(default_factory=list)
    answers_interim: bool = False
    control: ControlChange = field(default_factory=ControlChange)
    looks: int = 0
    stopped: int = 0
    given_up: list[str] = field(default_factory=list)
    reports: list[CycleReportPost] = field(default_factory=list)
    opening: str = ALREADY_OPEN
    stubborn: set[str] = field(default_factory=set)
    unfollowed: set[str] = field(default_factory=set)
    waves: WaveStates | None = None
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    left: list[LeftInput] = field(default_factory=list)
    waves_noted: list[LeftInput] = field(default_factory=list)
    looks_at_waves: int = 0
    unsent: list[UnsentInput] = field(default_factory=list)

    def activities(self) -> Sequence[Callable[..., Any]]:
        return [
            self.plan,
            self.next_wave,
            self.boundaries,
            self.send_batch,
            self.start_follow_ups,
            self.balance,
            self.record_job_run,
            self.look_up_opening,
            self.look_up_control,
            self.give_up,
            self.ways,
            self.post_cycle_report,
            self.look_at_wave,
            self.note_left,
            self.note_waves,
            self.record_unsent,
        ]

    @activity.defn(name="plan")
    async def plan(self, request: PlanInput) -> PlanResult:
        self.plans_made.append(request)
        if self.joining:
            self.planned.update(self.joining.pop(0))
        return PlanResult(users=len(self.planned), written=len(self.planned))

    @activity.defn(name="next_wave")
    async def next_wave(self, request: NextWaveInput) -> NextWave:
        open_ = [at for at in self.planned.values() if at not in request.excluding]
        return NextWave(instant=min(open_), users=open_.count(min(open_))) if open_ else NextWave()

    @activity.defn(name="boundaries")
    async def boundaries(self, request: BatchesInput) -> list[Boundary]:
        users = sorted(
            user
            for user, at in self.planned.items()
            if at == request.instant and (request.after_user is None or user > request.after_user)
        )[: request.batch_users * request.limit]
        cuts = [users[at : at + request.batch_users] for at in range(0, len(users), request.batch_users)]
        lasts = [request.after_user, *(cut[-1] for cut in cuts)]
        return [Boundary(after=after, last=cut[-1], users=len(cut)) for after, cut in zip(lasts, cuts, strict=False)]

    @activity.defn(name="send_batch")
    async def send_batch(self, request: BatchInput) -> BatchResult:
        self.batches.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            boundary = request.boundary
            users = [
                user
                for user, at in self.planned.items()
                if at == request.instant and (boundary.after or "") < user <= boundary.last
            ]
            if self.failing_users & set(users):
                raise ApplicationError("broken", type="UnexpectedError", non_retryable=True)
            if self.control.stops:
                self.stopped += 1
                return BatchResult(counts=MailCounts(), duration=timedelta(0), rss_peak_mb=0.0, stopped=True)
            for user in self.slow.keys() & set(users):
                while not self.slow[user].is_set():
                    activity.heartbeat()
                    await asyncio.sleep(0.05)
            for user in users:
                if user not in self.stubborn:
                    del self.planned[user]
            return BatchResult(
                counts=MailCounts(users=len(users), sent=len(users)), duration=timedelta(seconds=1), rss_peak_mb=100.0
            )
        finally:
            self.in_flight -= 1

    @activity.defn(name="start_follow_ups")
    async def start_follow_ups(self, request: BatchInput) -> int:
        if request.boundary.last in self.unfollowed:
            raise ApplicationError("broken", type="UnexpectedError", non_retryable=True)
        self.followed.append(request.boundary.last)
        return request.boundary.users

    @activity.defn(name="balance")
    async def balance(self, request: StatisticsInput) -> CycleStatistics:
        self.balances += 1
        self.interim.append(request.interim)
        sent = request.progress.counts.sent
        open_ = self.open_answers.pop(0) if self.open_answers else 0
        return CycleStatistics(
            period=request.period,
            eligible=sent + open_,
            sent=sent,
            cancelled=0,
            skipped={},
            failed={},
            uncertain=0,
            open=open_,
            balance=0,
            plans_open=len(self.planned),
            progress=request.progress,
            interim=request.interim and self.answers_interim,
        )

    @activity.defn(name="record_job_run")
    async def record_job_run(self, request: JobRunInput) -> bool:
        self.job_runs.append(request)
        return True

    @activity.defn(name="look_up_opening")
    async def look_up_opening(self, period: str) -> str:
        return self.opening

    @activity.defn(name="look_up_control")
    async def look_up_control(self, period: str) -> ControlChange:
        self.looks += 1
        return self.control

    @activity.defn(name="give_up")
    async def give_up(self, request: GiveUpInput) -> GivenUp:
        if self.control.state.final:
            self.given_up += sorted(self.planned)
            self.planned.clear()
        return GivenUp()

    @activity.defn(name="look_at_wave")
    async def look_at_wave(self, request: WaveLookInput) -> WaveLook:
        self.looks_at_waves += 1
        return await self.waves(request.period, request.instant) if self.waves else WaveLook(runs=False)

    @activity.defn(name="note_left")
    async def note_left(self, request: LeftInput) -> int:
        self.left.append(request)
        return len(self.planned)

    @activity.defn(name="note_waves")
    async def note_waves(self, request: LeftInput) -> None:
        self.waves_noted.append(request)

    @activity.defn(name="record_unsent")
    async def record_unsent(self, request: UnsentInput) -> UnsentResult:
        self.unsent.append(request)
        return UnsentResult()

    @activity.defn(name="ways")
    async def ways(self) -> ChannelRoutes:
        return ChannelRoutes(always=("inbox",), order=())

    @activity.defn(name="post_cycle_report")
    async def post_cycle_report(self, request: CycleReportPost) -> Posted:
        self.reports.append(request)
        return Posted(channel=request.channel)
