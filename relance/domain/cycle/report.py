"""Compares a cycle with the month before: what changed, and what changed by more than chance (SPEC C13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt

from relance.domain.invitations.unsent import Nobody

ELIGIBLE = "eligible"
SKIPPED, FAILED = "skipped.", "failed."
DURATION, SENDING, RATE = "duration_s", "sending_s", "per_second"
SLOWEST_BATCH, MEMORY, SUCCESS = "slowest_batch_s", "rss_peak_mb", "success_rate"
MEASURED = (DURATION, SENDING, RATE, SLOWEST_BATCH, MEMORY, SUCCESS)

LARGE_SHARE = 0.2
LARGE_FACTOR = 1.5
LARGE_DROP = 0.01
"""Of the success rate: the share of final errors at which the error gate stops a cycle (SPEC C10)."""
CHANCE = 3.0
"""Standard deviations that chance alone exceeds in one comparison of 370."""
NOTICEABLE = 1.0
"""Seconds: a batch that takes 0.3 s instead of 0.2 s means nothing."""


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One figure of the report; `before` is None where the month before does not have it."""

    figure: str
    now: float
    before: float | None
    large: bool

    @property
    def delta(self) -> float | None:
        """By how much it rose."""
        return None if self.before is None else self.now - self.before


@dataclass(frozen=True, slots=True)
class CycleFigures:
    """The figures of a cycle's report.

    `now` and `before` hold the figures by name: outcomes as counts (`skipped.<reason>`, `failed.<class>`), what was
    measured with its unit. `before` is empty without an earlier month. `unaccounted` must be 0; `open` have no outcome.
    The users of `plans_open` were not written to, `plans_unreadable` were ended because nobody could read them,
    `users_too_late` because their send time was missed by too long. `documents_unreadable`
    counts by collection what else could not be read. `nobody`: whether the whole cycle wrote to nobody.
    """

    period: str
    now: Mapping[str, float]
    before_period: str | None
    before: Mapping[str, float]
    unaccounted: int
    open: int
    plans_open: int = 0
    plans_unreadable: int = 0
    documents_unreadable: Mapping[str, int] = field(default_factory=dict)
    users_too_late: int = 0
    nobody: Nobody = Nobody.NO

    @property
    def is_well(self) -> bool:
        """Whether every contact is accounted for, and nobody lost his mail because it was too late."""
        lost = self.unaccounted or self.plans_open or self.users_too_late
        return not lost and self.nobody is not Nobody.LOST

    @property
    def changes(self) -> list[FigureChange]:
        """Every figure of either month: outcomes, then what was measured."""
        counts = [name for name in (*self.now, *self.before) if name not in MEASURED]
        measured = [name for name in MEASURED if name in self.now]
        return [self._change(name) for name in dict.fromkeys([*counts, *measured])]

    @property
    def large(self) -> list[FigureChange]:
        """The figures that changed a lot."""
        return [change for change in self.changes if change.large]

    def _change(self, name: str) -> FigureChange:
        measured = name in MEASURED
        now = self.now.get(name, 0.0)
        # A reason nobody was skipped for last month is a figure of that month too.
        before = self.before.get(name, None if measured or not self.before else 0.0)
        if before is None:
            return FigureChange(name, now, None, large=False)
        judge = _measured_is_large if measured else self._count_is_large
        return FigureChange(name, now, before, large=judge(name, now, before))

    def _count_is_large(self, name: str, now: float, before: float) -> bool:
        if name == ELIGIBLE:
            return abs(now - before) >= LARGE_SHARE * before
        # Of the eligible, or every reason would be flagged in a month with twice the users.
        return shares_differ(now, self.now.get(ELIGIBLE, 0.0), before, self.before.get(ELIGIBLE, 0.0))


def shares_differ(hits: float, of: float, hits_before: float, of_before: float) -> bool:
    """Return whether two shares differ by a fifth and by more than chance (pooled test of two proportions)."""
    if not of or not of_before:
        return False
    share, share_before, pooled = hits / of, hits_before / of_before, (hits + hits_before) / (of + of_before)
    spread = sqrt(pooled * (1 - pooled) * (1 / of + 1 / of_before))
    apart = abs(share - share_before)
    return apart > CHANCE * spread and apart >= LARGE_SHARE * share_before


def measured(
    *,
    sent: int,
    failed: int,
    uncertain: int,
    began: datetime | None,
    ended: datetime,
    handed_over: int,
    sending: timedelta,
    slowest_batch: timedelta,
    rss_peak_mb: float,
) -> dict[str, float]:
    """Return what a cycle measured, by name: seconds, mails per second, MB, and a rate from 0 to 1.

    `handed_over` are the mails of the waves, which took the time `sending`; `sent` has what was tried again later too.
    """
    figures: dict[str, float] = {}
    if began is not None:
        figures[DURATION] = (ended - began).total_seconds()
    if sending:
        figures[SENDING] = sending.total_seconds()
        figures[RATE] = handed_over / sending.total_seconds()
        figures[SLOWEST_BATCH] = slowest_batch.total_seconds()
        figures[MEMORY] = rss_peak_mb
    if sent + failed + uncertain:
        figures[SUCCESS] = sent / (sent + failed + uncertain)
    return {name: round(value, 4) for name, value in figures.items()}


def _measured_is_large(name: str, now: float, before: float) -> bool:
    if name == SUCCESS:
        return before - now >= LARGE_DROP
    if name == DURATION:
        # From opening to the end of the month, whatever was done in it.
        return False
    if name.endswith("_s") and abs(now - before) < NOTICEABLE:
        return False
    low, high = sorted((now, before))
    return high > 0 and high >= LARGE_FACTOR * low
