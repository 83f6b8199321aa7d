from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.jobs.performance import BEYOND_MEASURE, PerformancePolicy, degradations
from relance.domain.jobs.run import FAILED, LATE, MISSED, RAN, JobRun

POLICY = PerformancePolicy(factor=2.0, runs=20, least_runs=5, least={"duration_s": 30, "success_rate": 0.02})
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_run(number: int, figures: dict[str, float], state: str = RAN) -> JobRun:
    at = NOON + timedelta(hours=number)
    return JobRun(job="cleanup", nominal=at, state=state, at=at, figures=figures)


def history(figure: str, values: list[float]) -> list[JobRun]:
    return [a_run(-1 - number, {figure: value}) for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("figure", "usual", "value", "factor"),
    [
        ("duration_s", [60, 58, 61, 300, 59], 121, 2.0),
        ("rss_mb", [100] * 5, 250, 2.5),
        ("mongo_ms", [10] * 5, 25, 2.5),
        ("rate", [300, 310, 290, 305, 295], 100, 3.0),
    ],
)
def test_a_clear_degradation_names_figure_baseline_and_factor(
    figure: str, usual: list[float], value: float, factor: float
) -> None:
    (found,) = degradations(a_run(0, {figure: value}), history(figure, usual), POLICY)
    assert (found.job, found.figure, found.value) == ("cleanup", figure, value)
    assert found.baseline == sorted(usual)[len(usual) // 2]
    assert found.factor == pytest.approx(factor, abs=0.1)


@pytest.mark.parametrize(
    ("figure", "usual", "value"),
    [
        ("duration_s", [60] * 5, 120),
        ("duration_s", [5] * 5, 34),
        ("duration_s", [60] * 4, 600),
        ("duration_s", [60] * 5, 1),
        ("rate", [300] * 5, 900),
        ("success_rate", [1.0] * 5, 0.985),
        ("waves", [1] * 5, 900),
    ],
)
def test_little_worse_better_too_little_history_or_an_unknown_figure_is_not_told(
    figure: str, usual: list[float], value: float
) -> None:
    assert degradations(a_run(0, {figure: value}), history(figure, usual), POLICY) == []


def test_a_success_rate_is_judged_by_what_failed() -> None:
    (found,) = degradations(a_run(0, {"success_rate": 0.95}), history("success_rate", [0.99] * 5), POLICY)
    assert (found.value, found.baseline, found.unit) == (95, 99, "%")
    assert found.factor == pytest.approx(5, abs=0.1)


def test_the_first_failures_of_a_job_that_never_had_any_are_told() -> None:
    (found,) = degradations(a_run(0, {"success_rate": 0.9}), history("success_rate", [1.0] * 5), POLICY)
    assert found.factor == BEYOND_MEASURE


def test_a_run_that_did_nothing_is_neither_judged_nor_history() -> None:
    slow = {"duration_s": 600.0}
    usual = history("duration_s", [60] * 5)
    for state in (FAILED, MISSED):
        assert degradations(a_run(0, slow, state), usual, POLICY) == []
    nothing = [run.model_copy(update={"state": MISSED}) for run in usual]
    assert degradations(a_run(0, slow), nothing, POLICY) == []
    assert degradations(a_run(0, slow, LATE), usual, POLICY)


def test_only_earlier_runs_are_history_and_only_the_newest_of_them() -> None:
    later = [a_run(1 + number, {"duration_s": 60}) for number in range(9)]
    assert degradations(a_run(0, {"duration_s": 600}), later, POLICY) == []
    slow_of_late = [*history("duration_s", [600] * 20), *history("duration_s", [60] * 90)]
    assert degradations(a_run(0, {"duration_s": 600}), slow_of_late, POLICY) == []


@given(st.lists(st.floats(1, 1000), min_size=5, max_size=30), st.floats(1, 10_000), st.floats(1.1, 10))
def test_what_is_told_is_worse_than_the_median_by_the_factor_at_least(
    usual: list[float], value: float, factor: float
) -> None:
    policy = PerformancePolicy(factor=factor, least_runs=5)
    for figure in ("duration_s", "rate"):
        for one in degradations(a_run(0, {figure: value}), history(figure, usual), policy):
            worse, better = (one.value, one.baseline) if figure == "duration_s" else (one.baseline, one.value)
            assert worse > factor * better
