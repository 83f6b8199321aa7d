"""Silences: who does not want to hear of which alerts, why, and until when (SPEC A3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from relance.domain.alerts.model import Alert
from relance.domain.base import Document, Utc
from relance.domain.failures import Severity

_Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Matcher(Document):
    """Which alerts: every given part must match; `*` in rule and subject stands for anything.

    Critical alerts match only a silence that names that severity: nobody silences them by accident.
    """

    rule: _Pattern = "*"
    subject: _Pattern = "*"
    severity: Severity | None = None

    def matches(self, alert: Alert) -> bool:
        """Tell whether an alert is meant."""
        return (
            fnmatchcase(alert.rule, self.rule)
            and fnmatchcase(alert.subject, self.subject)
            and (alert.severity is self.severity or (self.severity is None and alert.severity is not Severity.CRITICAL))
        )


class Silence(Document):
    """One silence; it always ends, and always has an author and a reason; `ended_by` took it back before its end."""

    id: str = Field(alias="_id")
    matcher: Matcher
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
    author: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    starts_at: Utc
    ends_at: Utc
    ended_by: str | None = None

    @model_validator(mode="after")
    def _ends(self) -> Silence:
        if self.ends_at <= self.starts_at:
            raise ValueError("a silence must end after it starts")
        return self


def silenced_until(alert: Alert, silences: Iterable[Silence], now: datetime) -> datetime | None:
    """Return the end of the longest silence that holds for an alert now; None if there is none."""
    ends = (
        silence.ends_at
        for silence in silences
        if silence.starts_at <= now < silence.ends_at and silence.matcher.matches(alert)
    )
    return max(ends, default=None)
