"""Channels and records in memory behind the activities' names, and checks that find what they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from relance.contracts.alerts import (
    AlertEntry,
    ChannelRoutes,
    DecisionsInput,
    Posted,
    PostInput,
    RecordInput,
    StoredDecision,
    StoredDecisions,
)
from relance.contracts.checks import CheckLook, CheckRequest, NoDataInput
from relance.contracts.cycle import JobRunInput
from relance.contracts.names import ErrorType
from relance.domain.alerts.model import AlertState
from relance.domain.alerts.routing import AlertRoute


@dataclass
class Newsroom:
    """Who was told what; `broken` are the channels that fail for good, `busy` those that fail for now.

    `stored` is what the database holds of decisions, `causes` the open rules that explain others away.
    """

    always: tuple[str, ...] = ("inbox",)
    order: tuple[str, ...] = ("slack", "mail")
    broken: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    routes: tuple[AlertRoute, ...] = ()
    posts: list[PostInput] = field(default_factory=list)
    entries: list[AlertEntry] = field(default_factory=list)
    stored: dict[str, StoredDecision] = field(default_factory=dict)
    causes: tuple[str, ...] = ()

    def activities(self) -> Sequence[Callable[..., Any]]:
        return [self.ways, self.post, self.record, self.look_up_decisions]

    def decide(self, *keys: str, until: datetime | None = None) -> None:
        """Store that somebody acknowledged these alerts or, with `until`, silenced them."""
        state = AlertState.SILENCED if until else AlertState.ACKNOWLEDGED
        self.stored |= {key: StoredDecision(key=key, state=state, silenced_until=until) for key in keys}

    def told(self, channel: str = "slack") -> list[tuple[str, int, int]]:
        """Kind, sequence and number of alerts of each message of a channel."""
        kinds = ((("details" if one.details else str(one.telling)), one) for one in self.posts)
        return [(kind, one.sequence, len(one.lines)) for kind, one in kinds if one.channel == channel]

    def events(self, key: str) -> list[str]:
        return [str(entry.event) for entry in self.entries if entry.key == key]

    @activity.defn(name="ways")
    async def ways(self) -> ChannelRoutes:
        return ChannelRoutes(always=self.always, order=self.order, routes=self.routes)

    @activity.defn(name="post")
    async def post(self, request: PostInput) -> Posted:
        if request.channel in self.broken:
            raise ApplicationError("gone", type=ErrorType.CHANNEL_GONE, non_retryable=True)
        if request.channel in self.busy:
            # As after ten minutes of tries.
            raise ApplicationError("busy", type=ErrorType.CHANNEL_UNAVAILABLE, non_retryable=True)
        self.posts.append(request)
        return Posted(channel=request.channel)

    @activity.defn(name="record")
    async def record(self, request: RecordInput) -> None:
        self.entries += request.entries

    @activity.defn(name="look_up_decisions")
    async def look_up_decisions(self, request: DecisionsInput) -> StoredDecisions:
        firing = AlertState.FIRING
        alerts = tuple(self.stored.get(key, StoredDecision(key=key, state=firing)) for key in request.keys)
        return StoredDecisions(alerts=alerts, causes=self.causes)


@dataclass
class Reporting:
    """What each look meets, in order: an error, or nothing for a look that goes well; then all goes well."""

    meets: list[BaseException] = field(default_factory=list)
    findings: int = 2
    looks: list[CheckRequest] = field(default_factory=list)
    without_data: list[NoDataInput] = field(default_factory=list)
    job_runs: list[JobRunInput] = field(default_factory=list)

    def activities(self) -> Sequence[Callable[..., Any]]:
        return [self.default_lp, self.paused_partner, self.no_data, self.record_job_run]

    @activity.defn(name="default_lp")
    async def default_lp(self, request: CheckRequest) -> CheckLook:
        return self._look(request)

    @activity.defn(name="paused_partner")
    async def paused_partner(self, request: CheckRequest) -> CheckLook:
        return self._look(request)

    @activity.defn(name="no_data")
    async def no_data(self, request: NoDataInput) -> None:
        self.without_data.append(request)

    @activity.defn(name="record_job_run")
    async def record_job_run(self, request: JobRunInput) -> bool:
        self.job_runs.append(request)
        return True

    def _look(self, request: CheckRequest) -> CheckLook:
        self.looks.append(request)
        if self.meets:
            raise self.meets.pop(0)
        yesterday = request.nominal.date() - timedelta(days=1)
        return CheckLook(observation=yesterday.isoformat(), rows=40, findings=self.findings)
