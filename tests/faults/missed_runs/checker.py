"""Judges the records by what happened: one for each nominal time, and with the state that is true of it (I7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.domain.jobs.run import DONE, LATE, MISSED, OVERLAP, PAUSED
from tests.faults.missed_runs.facts import Executions, Facts, Records, Started

MARGIN = timedelta(seconds=3)
"""The server takes some time after its start to look at its Schedules; in between both answers are right."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`double` are records and executions beyond one per nominal time; `problems` what is wrong, in words."""

    nominal: int
    records: int
    double: int
    states: Mapping[str, Mapping[str, int]]
    problems: Sequence[str]


def judged(facts: Facts, records: Records, executions: Executions) -> Verdict:
    """Compare all records with all facts."""
    problems: list[str] = []
    nominal = found = double = 0
    states: dict[str, Mapping[str, int]] = {}
    for job in facts.created:
        times = facts.nominal_times(job)
        wanted, own = set(times), [one for one in records[job] if one["nominal"] in set(times)]
        alien = [one for one in records[job] if one["nominal"] not in wanted and not _later(facts, one["nominal"])]
        started = Counter(one.nominal for one in executions[job])
        nominal, found = nominal + len(times), found + len({one["nominal"] for one in own})
        double += len(own) - len({one["nominal"] for one in own}) + len(alien)
        double += sum(count - 1 for count in started.values())
        states[job] = dict(sorted(Counter(str(one["state"]) for one in own).items()))
        by_time = {one["nominal"]: str(one["state"]) for one in own}
        problems += [f"{job} {at:%H:%M:%S}: no record" for at in times if at not in by_time]
        problems += [f"{job} {one['nominal']}: judged too soon" for one in own if one.get("history")]
        for at in times:
            if at in by_time:
                said = [
                    f"{job} {at:%H:%M:%S} {by_time[at]}: {text}"
                    for text in _wrong(facts, job, at, by_time[at], executions)
                ]
                problems += said
    return Verdict(nominal, found, double, states, problems)


def _later(facts: Facts, at: object) -> bool:
    return isinstance(at, datetime) and facts.end is not None and at > facts.end


def _wrong(facts: Facts, job: str, at: datetime, state: str, executions: Executions) -> Iterator[str]:
    own = [one for one in executions[job] if one.nominal == at]
    if own:
        if state in {MISSED, OVERLAP, PAUSED}:
            yield "but it was started"
        delay = own[0].started_at - at
        borderline = abs(delay - facts.on_time) <= timedelta(seconds=1)
        if state in DONE and job not in _FIXED and not borderline and (state == LATE) != (delay > facts.on_time):
            yield f"but it began {delay.total_seconds():.1f} s after its time"
        return
    if state not in {MISSED, OVERLAP, PAUSED}:
        yield "but it was never started"
    paused = [one for one in facts.pauses.get(job, ()) if one.holds(at, -MARGIN)]
    if state == PAUSED and not paused:
        yield "but nobody had paused it"
    if state != PAUSED and any(one.holds(at, MARGIN) for one in paused):
        yield "but it was paused"
    if state == OVERLAP and not any(_in_the_way(one, at, facts) for one in executions[job]):
        yield "but no run was in the way"
    surely = any(one.holds(at) and one.end - at > facts.catchup + MARGIN / 3 for one in facts.outages)
    # Of times within its absence the server may drop some it could have made up for: nothing ran, whatever it thought.
    if state == MISSED and not any(one.holds(at, -MARGIN) for one in facts.outages):
        yield "but the server was there"
    if state != MISSED and surely and not any(one.nominal < at and _open_after(one, at) for one in executions[job]):
        yield "but it was too late to make up for it"


def _in_the_way(one: Started, at: datetime, facts: Facts) -> bool:
    # When it comes back, the server may take a run for running that ended just before it died.
    away = min((span.begin for span in facts.outages if span.holds(at, -MARGIN)), default=at)
    return one.nominal < at and _open_after(one, min(at, away) - MARGIN)


def _open_after(one: Started, instant: datetime) -> bool:
    return one.closed_at is None or one.closed_at > instant


# These say for themselves, in minutes, what is late.
_FIXED = frozenset({"monthly-cycle", "default-lp", "paused-partner"})
SEEN = (*sorted(DONE), MISSED, PAUSED, OVERLAP)
"""Each of these must have been seen somewhere, or the run has shown nothing."""
