"""Looks that find what they are told, behind the activities' names of the health check."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from relance.contracts.cycle import JobRunInput
from relance.contracts.health import HealthVerdict, OutageLook, OutageNotice, Round
from relance.contracts.jobs import JobOutcome, JobRequest
from relance.contracts.names import ErrorType
from relance.domain.health.status import ProbeResult, Trouble

SOON = timedelta(milliseconds=100)


def a_look(*, lost: bool) -> ProbeResult:
    trouble = Trouble.UNREACHABLE if lost else None
    return ProbeResult(probe="mongodb", at=datetime.now(UTC), value=None if lost else 12.5, unit="ms", trouble=trouble)


@dataclass
class Watch:
    """`lost` is whether MongoDB is away at each look, in order, the last one for good.

    So often `changing` asks for another round and `unjudged` cannot be judged; the audit takes `hanging_s`.
    """

    lost: list[bool] = field(default_factory=lambda: [False])
    changing: int = 0
    unjudged: int = 0
    hanging_s: float = 0.0
    again: timedelta = SOON
    guard: timedelta = timedelta(seconds=20)
    looks: int = 0
    judged: int = 0
    audits: int = 0
    compared: int = 0
    notices: list[OutageNotice] = field(default_factory=list)
    job_runs: list[JobRunInput] = field(default_factory=list)

    def activities(self) -> Sequence[Callable[..., Any]]:
        return [
            self.look_at_everything,
            self.judge,
            self.audit,
            self.watch_performance,
            self.look_at_database,
            self.tell_outage,
            self.record_job_run,
        ]

    @activity.defn(name="look_at_everything")
    async def look_at_everything(self) -> Round:
        lost = self._lost()
        return Round(looks=(a_look(lost=lost),), took=timedelta(seconds=0.25), database_lost=lost, again=self.guard)

    @activity.defn(name="judge")
    async def judge(self, round_: Round) -> HealthVerdict:
        if self.unjudged:
            self.unjudged -= 1
            raise ApplicationError("MongoDB went away", type=ErrorType.UNAVAILABLE, non_retryable=True)
        self.judged += 1
        self.changing, changing = max(0, self.changing - 1), self.changing
        return HealthVerdict(
            counts={"healthy": len(round_.looks), "fired": 1, "over": 0}, again=SOON if changing else None
        )

    @activity.defn(name="audit")
    async def audit(self, request: JobRequest) -> JobOutcome:
        self.audits += 1
        await asyncio.sleep(self.hanging_s)
        return JobOutcome(counts={"nominal": 3})

    @activity.defn(name="watch_performance")
    async def watch_performance(self, request: JobRequest) -> JobOutcome:
        self.compared += 1
        return JobOutcome(counts={"compared": 2})

    @activity.defn(name="look_at_database")
    async def look_at_database(self) -> OutageLook:
        look = a_look(lost=self._lost())
        return OutageLook(look=look, fail_after=2, recover_after=2, again=self.again, longest=4 * self.again)

    @activity.defn(name="tell_outage")
    async def tell_outage(self, notice: OutageNotice) -> bool:
        self.notices.append(notice)
        return True

    @activity.defn(name="record_job_run")
    async def record_job_run(self, request: JobRunInput) -> bool:
        self.job_runs.append(request)
        return True

    def _lost(self) -> bool:
        self.looks += 1
        return self.lost.pop(0) if len(self.lost) > 1 else self.lost[0]
