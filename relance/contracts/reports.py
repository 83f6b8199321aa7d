"""What travels to and from the reports people get without asking: the daily digest and the noise report."""

from __future__ import annotations

from pydantic import Field

from relance.contracts.names import JobName
from relance.domain.base import Utc, Wire


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
