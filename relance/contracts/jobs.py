"""The wire models of recurring jobs, and of the weekly cleanup."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from relance.contracts.names import JobName
from relance.domain.base import Period, Utc, Wire
from relance.domain.jobs.retention import Sweep


class JobInput(Wire):
    """Input of every job's workflow.

    `nominal` is what a person asked for; without it the Schedule's nominal time counts. A run that found no worker for
    `max_wait` is not made up for; one that begins later than `on_time` after its nominal time is late. A dry run writes
    nothing, not even its job run.
    """

    nominal: Utc | None = None
    max_wait: timedelta = timedelta(hours=1)
    on_time: timedelta = timedelta(minutes=5)
    dry_run: bool = False


class JobRequest(Wire):
    """Asks an activity to do its part of a job, as of a nominal time."""

    nominal: Utc
    dry_run: bool = False


class JobOutcome(Wire):
    """What a part of a job did: `counts` by code, and `figures` measured, named with their unit (`rss_mb`)."""

    counts: dict[str, int] = Field(default_factory=dict)
    figures: dict[str, float] = Field(default_factory=dict)


class JobResult(Wire):
    """How a run ended; `state` is that of its job run (SPEC H3), `reason` why it failed or was skipped."""

    job: JobName
    nominal: Utc
    state: str
    counts: dict[str, int] = Field(default_factory=dict)
    figures: dict[str, float] = Field(default_factory=dict)
    reason: str | None = None


class Expired(Wire):
    """How many invitations expired without a follow-up; `busy` are the periods in which a late follow-up still runs."""

    expired: int = 0
    busy: tuple[Period, ...] = ()


class EndedInput(Wire):
    """Asks which periods may be touched; the busy ones may not."""

    nominal: Utc
    busy: tuple[Period, ...] = ()


class Ended(Wire):
    """The periods to delete and those to anonymise; `held` counts those that are old enough but not at rest."""

    delete: tuple[Period, ...] = ()
    anonymise: tuple[Period, ...] = ()
    held: dict[str, int] = Field(default_factory=dict)


class SweepInput(Wire):
    """One sweep; `periods` for those that go by period."""

    sweep: Sweep
    nominal: Utc
    dry_run: bool
    periods: tuple[Period, ...] = ()
