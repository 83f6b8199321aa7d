"""What travels to and from the workflow that tells people how a cycle ended."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from relance.domain.base import Period, Utc, Wire


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
