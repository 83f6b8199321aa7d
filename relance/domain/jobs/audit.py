"""Finds the nominal times of a Schedule that have no record yet, and decides what their record says (SPEC H3, I7).

Runs record themselves. The audit records what a run cannot: that there was no run, or that it was cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from relance.domain.base import Document, Utc
from relance.domain.jobs.run import FAILED, LATE, MISSED, NO_WORKER, OVERLAP, PAUSED, RAN, JobRun

ON_TIME = timedelta(minutes=5)
AHEAD_AT_LEAST, ENOUGH_AHEAD = timedelta(hours=12), 100
BACKFILL = "backfill"
AUDIT = "audit"
"""Who made a record, in its detail, if not the run itself."""


class AuditStatus(StrEnum):
    """Where an execution stands; `unserved` timed out before any worker took it."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"
    TIMED_OUT = "timed_out"
    UNSERVED = "unserved"


@dataclass(frozen=True, slots=True)
class Execution:
    """One run on the server: for which nominal time, and from when to when (None: not over)."""

    nominal: datetime
    status: AuditStatus
    started_at: datetime
    closed_at: datetime | None = None


class Passed(Document):
    """How many nominal times the server has counted that it passed over: too late to make up for, or overlapping."""

    missed: int = 0
    overlap: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """A Schedule as the server knows it; `spec` says when it acts, `changed_at` since when it says so."""

    job: str
    workflow_id: str
    spec: str
    catchup: timedelta
    paused: bool
    created_at: datetime
    changed_at: datetime
    passed: Passed = field(default_factory=Passed)


class DueRun(Document):
    """A nominal time without a record; `paused` says whether the Schedule was, before it or after, as the audits saw.

    `passed` is what the server had counted before it. `dropped` tells that its cron expression was replaced since:
    nothing makes up for it any more.
    """

    nominal: Utc
    paused: bool = False
    passed: Passed = Passed()
    dropped: bool = False


class AuditMark(Document):
    """How far a job's nominal times are audited, and which of them are still open.

    `ahead` are the next ones by the same `spec`, all of them up to `ahead_to`: once it is replaced, the server cannot
    list them any more.
    """

    job: str = Field(alias="_id")
    up_to: Utc
    spec: str
    paused: bool = False
    passed: Passed = Passed()
    open: tuple[DueRun, ...] = ()
    ahead: tuple[Utc, ...] = ()
    ahead_to: Utc | None = None


def looks_ahead(mark: AuditMark | None, schedule: Watched, at: datetime) -> bool:
    """Return whether to list the nominal times ahead again: not with every audit, since the server limits lists."""
    if mark is None or mark.ahead_to is None or mark.spec != schedule.spec:
        return True
    return mark.ahead_to - at < AHEAD_AT_LEAST and sum(instant > at for instant in mark.ahead) < ENOUGH_AHEAD


def beginning(mark: AuditMark | None, schedule: Watched) -> datetime:
    """Return after which instant nominal times are new: from the Schedule's creation, or from the last audit, on.

    Times before a change of the cron expression cannot be listed any more; see `left_behind`.
    """
    if mark is None:
        return schedule.created_at
    since = schedule.created_at if mark.spec == schedule.spec else schedule.changed_at
    return max(mark.up_to, since)


def left_behind(mark: AuditMark | None, schedule: Watched) -> tuple[datetime, ...]:
    """Return the nominal times between the last audit and a change of the cron expression, by the one before."""
    if mark is None or mark.spec == schedule.spec:
        return ()
    return tuple(at for at in mark.ahead if mark.up_to < at <= schedule.changed_at)


def continued(
    mark: AuditMark | None,
    schedule: Watched,
    times: Iterable[datetime],
    up_to: datetime,
    *,
    ahead: tuple[Iterable[datetime], datetime] | None = None,
    last: bool = True,
) -> AuditMark:
    """Return the mark after new nominal times became known, all open; `ahead` are those to come, all up to an instant.

    What was seen of the Schedule becomes the state before the next times only with the `last` page of an audit.
    """
    passed, paused = (mark.passed, mark.paused) if mark is not None else (Passed(), False)
    before = left_behind(mark, schedule)
    new = tuple(
        DueRun(nominal=at, paused=paused or schedule.paused, passed=passed, dropped=at in before)
        for at in (*before, *times)
    )
    coming, ahead_to = ahead or _known_ahead(mark, schedule)
    if mark is not None and mark.spec != schedule.spec:
        # A change a moment ago, later than the instant up to which is audited: before it the new times are none.
        up_to = max(up_to, schedule.changed_at)
    return AuditMark(
        job=schedule.job,
        up_to=up_to,
        spec=schedule.spec,
        paused=schedule.paused if last else paused,
        passed=schedule.passed if last else passed,
        open=(*(mark.open if mark is not None else ()), *new),
        ahead=tuple(at for at in coming if at > up_to),
        ahead_to=ahead_to,
    )


def _known_ahead(mark: AuditMark | None, schedule: Watched) -> tuple[Iterable[datetime], datetime | None]:
    if mark is None or mark.spec != schedule.spec:
        return (), None
    return mark.ahead, mark.ahead_to


@dataclass(frozen=True, slots=True)
class Auditor:
    """Judges nominal times as of `now`, and records that `at`; `grace` is what the server may take to act on one."""

    schedule: Watched
    now: datetime
    grace: timedelta
    at: datetime

    def record(self, due: DueRun, execution: Execution | None, others: Sequence[Execution]) -> JobRun | None:
        """Return the record of a nominal time that made none itself; None while a run may still make it.

        `others` are the executions of this Schedule that may have been in its way.
        """
        if execution is not None:
            return self._ended(due, execution)
        # What passes during a pause is not made up for.
        lost = due.dropped or (due.paused and self.schedule.paused)
        wait = timedelta(0) if lost else self.schedule.catchup
        if self.now < due.nominal + wait + self.grace:
            return None
        why = self._why_passed(due, others)
        return self._run(due, why, None, held_up=why == OVERLAP and any(self._by_backfill(run, due) for run in others))

    def _by_backfill(self, other: Execution, due: DueRun) -> bool:
        """Return whether a run was in the way that the server made up for longer ago than it does by itself."""
        return _in_the_way(other, due) and other.started_at - other.nominal > self.schedule.catchup + self.grace

    def _why_passed(self, due: DueRun, others: Sequence[Execution]) -> str:
        """Return why the server started nothing; if that is not known, that it should have.

        What it counts since the audit before may be any of several nominal times; during a pause it counts nothing.
        """
        later = [run.started_at for run in others if run.nominal > due.nominal]
        in_time = min(later, default=self.now) <= due.nominal + self.schedule.catchup
        too_late = self.schedule.passed.missed > due.passed.missed and not in_time
        if due.paused and not too_late:
            return PAUSED
        if any(_in_the_way(run, due) for run in others):
            return OVERLAP
        if too_late:
            return MISSED
        if self.schedule.passed.overlap > due.passed.overlap:
            # After its own absence the server may take a run for running that is over.
            return OVERLAP
        # It acted again and counted nothing: a pause that no audit saw. A change of the Schedule drops times too.
        return PAUSED if later and self.schedule.changed_at < due.nominal else MISSED

    def _ended(self, due: DueRun, execution: Execution) -> JobRun | None:
        match execution.status:
            case AuditStatus.RUNNING:
                return None
            case AuditStatus.COMPLETED:
                # It records itself before it ends: this one only counts if its record was lost since.
                on_time = execution.started_at - due.nominal <= ON_TIME
                return self._run(due, RAN if on_time else LATE, execution.status)
            case AuditStatus.UNSERVED:
                return self._run(due, NO_WORKER, execution.status)
        return self._run(due, FAILED, execution.status)

    def _run(self, due: DueRun, state: str, reason: AuditStatus | None, *, held_up: bool = False) -> JobRun:
        detail: dict[str, str | int] = {"by": AUDIT}
        if reason is not None:
            detail["reason"] = reason.value
        if held_up:
            detail["held_up_by"] = BACKFILL
        return JobRun(job=self.schedule.job, nominal=due.nominal, state=state, at=self.at, detail=detail)


def _in_the_way(other: Execution, due: DueRun) -> bool:
    """Return whether a run of an earlier nominal time was not over when this one came."""
    return other.nominal < due.nominal and (other.closed_at is None or other.closed_at > due.nominal)
