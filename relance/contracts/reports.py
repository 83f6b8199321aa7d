"""The wire models of reports that are posted to people: digests and the report of a cycle."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from relance.contracts.names import JobName
from relance.domain.base import Period, Utc, Wire


class ReportInput(Wire):
    """Asks to take a report on: `owner` is the run that would post it, `at` the workflow's time."""

    job: JobName
    nominal: Utc
    owner: str
    at: Utc
    dry_run: bool = False


class ReportTaken(Wire):
    """What there is to report since `since`; `post` is False if it is posted already, or not worth a message."""

    since: Utc
    post: bool
    counts: dict[str, int] = Field(default_factory=dict)


class ReportPost(Wire):
    """One report for one channel; its key is a function of job and nominal day (SPEC A6)."""

    channel: str
    job: JobName
    nominal: Utc
    since: Utc
    at: Utc


class ReportDone(Wire):
    """Somebody has the report, or nobody will get it from this owner."""

    job: JobName
    nominal: Utc
    owner: str


class CycleReportInput(Wire):
    """Input of CycleReport: the period, and when its balance was drawn; the figures are read from the database.

    For as long as `patience` a message that no channel takes is tried again. Across continue-as-new carry on: when it
    was `begun`, the next `wait`, and the `outcomes` so far.
    """

    period: Period
    at: Utc
    patience: timedelta = timedelta(days=3)
    begun: Utc | None = None
    wait: timedelta | None = None
    outcomes: dict[str, str] = Field(default_factory=dict)


class CycleReportPost(Wire):
    """One report for one channel; what identifies it is the same however often it is tried."""

    channel: str
    period: Period
    at: Utc


class CycleReportResult(Wire):
    """Per channel `delivered`, `repeated` or why not."""

    period: Period
    outcomes: dict[str, str] = Field(default_factory=dict)
