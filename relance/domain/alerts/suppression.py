"""Silences and inhibition: alerts that are not notified for now (SPEC A3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from glob import escape
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from relance.domain.alerts.model import AlertRecord, Rule
from relance.domain.base import Document, Utc
from relance.domain.failures import Severity

LONGEST_SILENCE = timedelta(days=90)
SHORTEST_REASON, LONGEST_REASON = 3, 500

_Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=SHORTEST_REASON, max_length=LONGEST_REASON)
]
LONGEST_PATTERN = 200
_Pattern = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PATTERN)]


class Matcher(Document):
    """Which alerts: every given part must match; `*` in rule and subject stands for anything.

    Critical alerts match only a silence that names that severity: nobody silences them by accident.
    """

    rule: _Pattern = "*"
    subject: _Pattern = "*"
    severity: Severity | None = None

    def matches(self, alert: AlertRecord) -> bool:
        """Return whether an alert is meant."""
        return (
            fnmatchcase(alert.rule, self.rule)
            and fnmatchcase(alert.subject, self.subject)
            and (alert.severity is self.severity or (self.severity is None and alert.severity is not Severity.CRITICAL))
        )


class Silence(Document):
    """One silence; it always ends, and always has an author and a reason; `ended_by` took it back before its end.

    `via` is where its author decided it (console, slack); empty for the command line.
    """

    id: str = Field(alias="_id")
    matcher: Matcher
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=SHORTEST_REASON, max_length=LONGEST_REASON)
    ]
    author: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    starts_at: Utc
    ends_at: Utc
    ended_by: str | None = None
    via: str | None = None

    @model_validator(mode="after")
    def _ends(self) -> Silence:
        if self.ends_at <= self.starts_at:
            raise ValueError("a silence must end after it starts")
        return self


def exact_matcher(alert: AlertRecord, severity: Severity | None) -> Matcher | None:
    """Return what matches just this rule and subject; None if the subject is too long for a pattern."""
    rule, subject = escape(alert.rule), escape(alert.subject)
    if len(subject) > LONGEST_PATTERN:
        return None
    return Matcher(rule=rule, subject=subject, severity=severity)


def silenced_until(alert: AlertRecord, silences: Iterable[Silence], now: datetime) -> datetime | None:
    """Return the end of the longest silence that holds for an alert now; None if there is none."""
    ends = (
        silence.ends_at
        for silence in silences
        if silence.starts_at <= now < silence.ends_at and silence.matcher.matches(alert)
    )
    return max(ends, default=None)


INHIBITS: Mapping[str, frozenset[str]] = {
    Rule.EVERFLOW_DOWN: frozenset({Rule.DEFAULT_LP, Rule.PAUSED_PARTNER, Rule.NO_DATA}),
    # Without workers nothing gets done, and without a relay no reminder goes out.
    Rule.WORKERS: frozenset({Rule.QUEUES, Rule.OVERDUE, Rule.OUTBOX}),
    Rule.MAIL_RELAY: frozenset({Rule.OVERDUE}),
    Rule.JOB_MISSED: frozenset({Rule.JOB_RUNS}),
    Rule.RECONCILIATION: frozenset({Rule.FOLLOW_UPS}),
}


def inhibitor(rule: str, open_rules: Collection[str]) -> str | None:
    """Return the open rule that explains this one away, if there is one."""
    return next((cause for cause, rules in INHIBITS.items() if rule in rules and cause in open_rules), None)


def inhibited_rules(cause: str) -> frozenset[str]:
    """Return the rules whose groups are signalled when this rule opens or resolves."""
    return INHIBITS.get(cause, frozenset())
