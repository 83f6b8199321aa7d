"""When people are notified about alerts, how often and in how many messages (SPEC A2, A3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from relance.domain.alerts.model import AlertState
from relance.domain.failures import Severity
from relance.domain.zones import instant_at, zone_info

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_NOW = timedelta(0)


@dataclass(frozen=True, slots=True)
class SeverityPolicy:
    """How alerts of one severity are notified.

    News wait for `gather`, or with `daily` for the daily digest. What goes on firing is repeated after `repeat`, until
    somebody acknowledges it, but at most `repeats` times unless it is seen again; None means no limit. After `escalate`
    without an acknowledgement the second channel is notified too.
    """

    gather: timedelta = _NOW
    daily: bool = False
    repeat: timedelta | None = None
    repeats: int | None = None
    escalate: timedelta | None = None


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """The policy of delivery. `worse_by` is the factor over the value of the last message.

    A group gets at most `most_messages` in any `interval`; what follows a message within the interval is first gathered
    for `group_wait`. A condition counts as gone once it stayed away for `resolve_hold`. One that changed `flaps` times
    within `flap_window` is notified once per `flap_digest` instead, until it kept still for `flap_calm`.
    Without `low_by_rule` what waits for the daily digest is left to the one digest of all rules.
    """

    critical: SeverityPolicy = SeverityPolicy(repeat=timedelta(hours=1), escalate=timedelta(minutes=15))
    high: SeverityPolicy = SeverityPolicy(repeat=timedelta(hours=4), repeats=1)
    medium: SeverityPolicy = SeverityPolicy(gather=timedelta(minutes=15))
    low: SeverityPolicy = SeverityPolicy(daily=True)
    worse_by: Decimal = Decimal("1.5")
    interval: timedelta = timedelta(minutes=15)
    most_messages: int = 2
    group_wait: timedelta = timedelta(seconds=30)
    resolve_hold: timedelta = timedelta(minutes=5)
    flaps: int = 4
    flap_window: timedelta = timedelta(hours=1)
    flap_digest: timedelta = timedelta(hours=1)
    flap_calm: timedelta = timedelta(minutes=30)
    digest_time: str = "09:00"
    low_by_rule: bool = True
    zone: str = "Europe/Amsterdam"

    def __post_init__(self) -> None:
        if self.worse_by <= 1 or self.most_messages < 1 or self.flaps < 2:
            raise ValueError("an alert gets worse by a factor above 1, is told at least once, and flaps at least twice")

    def pace(self, severity: Severity) -> SeverityPolicy:
        """Return the policy of a severity."""
        return {
            Severity.CRITICAL: self.critical,
            Severity.HIGH: self.high,
            Severity.MEDIUM: self.medium,
            Severity.LOW: self.low,
        }[severity]

    def worse(self, value: Decimal | None, notified: Decimal | None) -> bool:
        """Return whether a value is worse by so much that people are notified again (SPEC A3: by half)."""
        return value is not None and notified is not None and notified > 0 and value >= notified * self.worse_by

    def news_due(self, severity: Severity, since: datetime) -> datetime:
        """Return when news of this instant are notified."""
        pace = self.pace(severity)
        return next_digest(since, self.digest_time, self.zone) if pace.daily else since + pace.gather

    def repeats_left(self, severity: Severity, state: AlertState, repeats: int) -> bool:
        """Return whether an alert in this state is repeated once more."""
        limit = self.pace(severity).repeats
        return state is AlertState.FIRING and (limit is None or repeats < limit)


def next_digest(since: datetime, digest_time: str, zone: str) -> datetime:
    """Return the first instant at or after `since` with this local time; skipped and doubled times as in SPEC C3.

    Raises:
        ValueError: the time is not HH:MM, or the zone is unknown.
    """
    found = _TIME.fullmatch(digest_time)
    if found is None:
        raise ValueError(f"{digest_time!r} is not a time, write HH:MM")
    clock = time(int(found[1]), int(found[2]))
    day = since.astimezone(zone_info(zone)).date()
    instants = (instant_at(day + timedelta(days=n), clock, zone).astimezone(since.tzinfo) for n in (0, 1))
    today, tomorrow = instants
    return today if today >= since else tomorrow
