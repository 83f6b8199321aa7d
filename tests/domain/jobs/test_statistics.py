from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.jobs.run import JobRun, RunOutcome
from relance.domain.jobs.statistics import percentile, statistics_of

AT = datetime(2026, 11, 22, tzinfo=UTC)
STATES = ["ran", "late", "failed", "skipped(missed)", "skipped(paused)", "skipped(overlap)", "skipped(already open)"]


def runs(states: list[str], took: float = 1.0) -> list[JobRun]:
    return [
        JobRun(job="health", nominal=AT + timedelta(hours=n), state=state, at=AT, figures={"duration_s": took + n})
        for n, state in enumerate(states)
    ]


@given(st.lists(st.sampled_from(STATES), min_size=1))
def test_every_run_is_counted_once_and_what_was_left_out_on_purpose_costs_no_reliability(states: list[str]) -> None:
    [one] = statistics_of(runs(states))
    assert one.runs == len(states) == one.ran + one.late + one.failed + one.skipped
    expected = [state for state in states if state in {"ran", "late", "failed", "skipped(missed)"}]
    done = [state for state in expected if state in {"ran", "late"}]
    assert one.success == (pytest.approx(len(done) / len(expected)) if expected else None)
    assert (one.duration_median_s is None) == (not done)


def test_jobs_come_by_name_and_durations_are_of_runs_that_were_done() -> None:
    other = JobRun(job="cleanup", nominal=AT, state="ran", at=AT, history=(RunOutcome(state="failed", at=AT),))
    first, second = statistics_of([*runs(["ran", "failed", "late"]), other])
    assert (first.job, first.mended, first.duration_median_s) == ("cleanup", 1, None)
    assert (second.job, second.duration_median_s, second.duration_p95_s) == ("health", 2.0, 3.0)


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=60))
def test_the_95th_percentile_is_a_value_that_19_of_20_do_not_exceed(values: list[float]) -> None:
    found = percentile(values, 0.95)
    assert found in values
    assert sum(value <= found for value in values) >= 0.95 * len(values)
    assert sum(value < found for value in values) < 0.95 * len(values)
    assert percentile(values, 0.5) <= statistics.median_high(values)
