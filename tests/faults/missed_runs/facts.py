"""What happened, as the scenario itself knows it: nominal times, absences of the server, pauses, executions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something lasted."""

    begin: datetime
    end: datetime

    def holds(self, at: datetime, margin: timedelta = timedelta(0)) -> bool:
        """Tell whether an instant lies inside, at least so far from both ends."""
        return self.begin + margin <= at <= self.end - margin


@dataclass(frozen=True, slots=True)
class Started:
    """One execution that a Schedule started."""

    nominal: datetime
    started_at: datetime
    closed_at: datetime | None


@dataclass(slots=True)
class Facts:
    """Of all jobs: created when, acting every so many seconds, made up for within `catchup`."""

    created: Mapping[str, datetime]
    every: int
    catchup: timedelta
    on_time: timedelta
    outages: list[Span] = field(default_factory=list)
    pauses: dict[str, list[Span]] = field(default_factory=dict)
    end: datetime | None = None

    def nominal_times(self, job: str) -> list[datetime]:
        """Return a job's nominal times by arithmetic: nobody who is tested here is asked."""
        assert self.end is not None
        at = self.created[job].replace(microsecond=0)
        times = []
        while at <= self.end:
            if at.second % self.every == 0 and at > self.created[job]:
                times.append(at)
            at += timedelta(seconds=1)
        return times


Records = Mapping[str, Sequence[Mapping[str, object]]]
"""Of each job: its documents in `jobRuns`."""
Executions = Mapping[str, Sequence[Started]]
"""Of each job: what its Schedule has started."""
