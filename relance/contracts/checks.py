"""What travels to and from the partner desk's checks: days, codes and counts."""

from __future__ import annotations

from datetime import timedelta

from relance.contracts.names import CheckName
from relance.domain.base import Utc, Wire


class CheckInput(Wire):
    """Input of DefaultLpAlert and PausedPartnerCheck.

    `nominal` is what a person asked for; without it the Schedule's nominal time counts, and never the clock (SPEC W3).
    A report that fails is asked again for `patience`; a run that found no worker for `max_wait` is not made up for.
    """

    nominal: Utc | None = None
    patience: timedelta = timedelta(minutes=30)
    max_wait: timedelta = timedelta(hours=1)


class CheckRequest(Wire):
    """Asks for one look at the reports, as of a nominal time."""

    nominal: Utc


class CheckLook(Wire):
    """What a look found: `observation` is the last day looked at, as ISO text; `rows` are the report's.

    `alerts` are open because of it, None if a version before looked, and `known` of them had been open before.
    """

    observation: str
    rows: int
    findings: int
    alerts: int | None = None
    known: int = 0


class NoDataInput(Wire):
    """Says that a check has no data; `reason` is one of `ReportUnusable.reason`, or `unavailable, refused, missed`."""

    check: CheckName
    nominal: Utc
    reason: str


class CheckResult(Wire):
    """How a check ended; `state` is that of its job run (SPEC H3), `reason` why there was no data.

    `alerts` and `known` as in `CheckLook`.
    """

    check: CheckName
    nominal: Utc
    state: str
    observation: str = ""
    rows: int = 0
    findings: int = 0
    alerts: int | None = None
    known: int = 0
    reason: str | None = None
