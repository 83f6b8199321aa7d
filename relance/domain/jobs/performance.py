"""Judges whether a run of a job was clearly worse than usual (SPEC H5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from relance.domain.jobs.run import DONE, JobRun

FIGURE_OF_PROBE: Mapping[str, str] = {
    "mongodb": "mongo_ms",
    "mail-relay": "smtp_ms",
    "temporal": "temporal_ms",
    "everflow": "everflow_ms",
    "memory": "rss_mb",
}
"""What the health check measures of each run, by probe."""

UNITS: Mapping[str, str] = {
    "duration_s": "s",
    "rate": "/s",
    "success_rate": "%",
    "rss_mb": "MiB",
    "mongo_ms": "ms",
    "smtp_ms": "ms",
    "temporal_ms": "ms",
    "everflow_ms": "ms",
}
"""The figures that are watched; of the others nobody knows which way is worse."""

_LOWER_IS_WORSE = frozenset({"rate"})
_SHARE = "success_rate"
BEYOND_MEASURE = 100.0
"""The factor over nothing at all: the first failures of a job that never had any."""


@dataclass(frozen=True, slots=True)
class PerformancePolicy:
    """What is a clear degradation: worse than the median of the last `runs` by `factor`, and by more than `least`.

    `least` is by figure, in its own unit; without `least_runs` runs to compare with nothing is said.
    """

    factor: float = 2.0
    runs: int = 20
    least_runs: int = 5
    least: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Degradation:
    """One figure of one run: its value, what is usual, by which factor it is worse, and its unit."""

    job: str
    figure: str
    value: float
    baseline: float
    factor: float
    unit: str


def degradations(run: JobRun, earlier: Sequence[JobRun], policy: PerformancePolicy) -> list[Degradation]:
    """Return what was clearly worse in a run than in those before it, newest first; runs that did nothing count not."""
    if run.state not in DONE:
        return []
    history = [past for past in earlier if past.state in DONE and past.nominal < run.nominal][: policy.runs]
    found = (_degradation(run, figure, history, policy) for figure in sorted(run.figures.keys() & UNITS.keys()))
    return [figure for figure in found if figure is not None]


def _degradation(run: JobRun, figure: str, history: Sequence[JobRun], policy: PerformancePolicy) -> Degradation | None:
    usual = [past.figures[figure] for past in history if figure in past.figures]
    if len(usual) < policy.least_runs:
        return None
    value, baseline = run.figures[figure], float(median(usual))
    worse, better = _compared(figure, value, baseline)
    if worse - better <= policy.least.get(figure, 0.0) or worse <= policy.factor * better:
        return None
    factor = min(worse / better, BEYOND_MEASURE) if better > 0 else BEYOND_MEASURE
    scale = 100 if figure == _SHARE else 1
    return Degradation(run.job, figure, value * scale, baseline * scale, round(factor, 1), UNITS[figure])


def _compared(figure: str, value: float, baseline: float) -> tuple[float, float]:
    """Return a run's figure and the usual one so that the larger one is the worse one."""
    if figure == _SHARE:
        # Of what failed: from 1 % to 4 % is four times as bad, although the successes hardly changed.
        return 1 - value, 1 - baseline
    return (baseline, value) if figure in _LOWER_IS_WORSE else (value, baseline)
