"""The judge of the missed runs: what is right passes, and each kind of wrong record is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faults.missed_runs.checker import judged
from tests.faults.missed_runs.facts import Facts, Span, Started

START = datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC)
JOB = "reconcile"


def at(second: int) -> datetime:
    return START.replace(second=0) + timedelta(seconds=second)


def facts() -> Facts:
    """Every 4 s from :04 to :40; away from :17 to :37, paused from :05 to :15."""
    found = Facts({JOB: START}, 4, timedelta(seconds=10), timedelta(seconds=2))
    found.outages.append(Span(at(17), at(37)))
    found.pauses[JOB] = [Span(at(5), at(15))]
    found.end = at(40)
    return found


RIGHT = {4: "ran", 8: "skipped(paused)", 12: "skipped(paused)", 16: "ran", 20: "skipped(missed)", 24: "skipped(missed)"}
RIGHT |= {28: "late", 32: "skipped(overlap)", 36: "skipped(overlap)", 40: "ran"}
RUNS = [(4, 4, 5), (16, 16, 17), (28, 38, 39), (40, 40, 41)]


def verdict(states: dict[int, str], runs: list[tuple[int, int, int]] = RUNS, **more: Any) -> Any:
    records = [{"nominal": at(second), "state": state, **more} for second, state in states.items()]
    return judged(facts(), {JOB: records}, {JOB: [Started(at(one), at(two), at(three)) for one, two, three in runs]})


def test_what_is_true_of_each_nominal_time_passes() -> None:
    found = verdict(RIGHT)
    assert (found.nominal, found.records, found.double, list(found.problems)) == (10, 10, 0, [])
    assert found.states[JOB]["skipped(missed)"] == 2


@pytest.mark.parametrize(
    ("second", "state", "problem"),
    [
        (4, "skipped(missed)", "but it was started"),
        (8, "ran", "but it was never started"),
        (24, "skipped(paused)", "but nobody had paused it"),
        (20, "skipped(overlap)", "but it was too late"),
        (28, "ran", "but it began 10.0 s after its time"),
        (16, "late", "but it began 0.0 s after its time"),
    ],
)
def test_a_record_that_is_not_true_is_named(second: int, state: str, problem: str) -> None:
    [found] = [one for one in verdict({**RIGHT, second: state}).problems if problem in one]
    assert f":{second:02} {state}" in found


def test_a_missing_a_doubled_and_an_alien_record_are_counted() -> None:
    less = {second: state for second, state in RIGHT.items() if second != 20}
    assert (verdict(less).records, verdict(less).problems) == (9, [f"{JOB} 10:00:20: no record"])
    assert verdict({**RIGHT, 21: "ran"}).double == 1
    assert verdict(RIGHT, [*RUNS, (40, 42, 43)]).double == 1


def test_a_record_that_had_to_be_corrected_was_made_too_soon() -> None:
    assert any("too soon" in one for one in verdict(RIGHT, history=[{"state": "skipped(missed)"}]).problems)
