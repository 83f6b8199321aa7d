"""The figures of a day for the daily digest: alerts, job runs and mails (SPEC A2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from relance.domain.alerts.model import AlertRecord
from relance.domain.failures import Severity
from relance.domain.jobs.run import JobRun

LONGEST_LOOK_BACK = timedelta(days=7)
"""How far back a digest looks when the ones before it were not posted."""


class RunEnding(StrEnum):
    """How a job run ended, whatever the reason."""

    RAN = "ran"
    LATE = "late"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CycleMails:
    """The invitations of a cycle that runs, as the ledger counts them; `lately` were sent since the last digest."""

    period: str
    sent: int
    lately: int
    failed: int
    open: int


@dataclass(frozen=True, slots=True)
class Digest:
    """A day in figures; `runs` counts per ending, `troubled` per ending and job where it is not `ran`."""

    since: datetime
    until: datetime
    open_alerts: Mapping[Severity, int] = field(default_factory=dict)
    low: tuple[AlertRecord, ...] = ()
    runs: Mapping[RunEnding, int] = field(default_factory=dict)
    troubled: Mapping[RunEnding, Mapping[str, int]] = field(default_factory=dict)
    cycles: tuple[CycleMails, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to report: no alert, no failed job run, no cycle that sends."""
        sending = any(cycle.lately or cycle.open for cycle in self.cycles)
        return not (self.open_alerts or self.low or self.troubled or sending)

    @property
    def counts(self) -> dict[str, int]:
        """The digest in few figures, by code."""
        endings = {f"runs_{ending.value}": self.runs.get(ending, 0) for ending in RunEnding}
        return {
            "open_alerts": sum(self.open_alerts.values()),
            "low_alerts": len(self.low),
            **endings,
            "cycles": len(self.cycles),
        }


def looked_back_to(last: datetime | None, nominal: datetime, usually: timedelta) -> datetime:
    """Return the start of a report's window: the last posted report, so that no time is left out."""
    if last is None or last >= nominal:
        return nominal - usually
    return max(last, nominal - max(usually, LONGEST_LOOK_BACK))


def digest(
    since: datetime,
    until: datetime,
    *,
    open_alerts: Iterable[AlertRecord],
    recent: Iterable[AlertRecord],
    runs: Iterable[JobRun],
    cycles: Iterable[CycleMails],
) -> Digest:
    """Return what happened in `since <= t < until`; alerts count as open as they are now."""
    by_severity = Counter(alert.severity for alert in open_alerts)
    low = [alert for alert in recent if alert.severity is Severity.LOW and since <= alert.fired_at < until]
    ended = [(ending_of(run.state), run.job) for run in runs if since <= run.nominal < until]
    troubled: dict[RunEnding, Counter[str]] = {}
    for ending, job in ended:
        if ending is not RunEnding.RAN:
            troubled.setdefault(ending, Counter())[job] += 1
    return Digest(
        since=since,
        until=until,
        open_alerts={severity: by_severity[severity] for severity in Severity if by_severity[severity]},
        low=tuple(sorted(low, key=lambda alert: (alert.rule, alert.fired_at, alert.key))),
        runs=Counter(ending for ending, _ in ended),
        troubled={ending: troubled[ending] for ending in RunEnding if ending in troubled},
        cycles=tuple(cycles),
    )


def ending_of(state: str) -> RunEnding:
    """Return how a run with this state ended: `skipped(no worker in time)` is skipped."""
    word = state.partition("(")[0]
    return RunEnding(word) if word in set(RunEnding) else RunEnding.FAILED
