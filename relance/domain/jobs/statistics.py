"""How the runs of each job went: how many, how reliably, how long they took (SPEC H3, H5)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from relance.domain.jobs.run import DONE, FAILED, LATE, MISSED, ON_PURPOSE, RAN, JobRun

DURATION = "duration_s"


@dataclass(frozen=True, slots=True)
class JobStatistics:
    """The runs of one job.

    `skipped` includes `missed`; `repaired` had not been done at first. `success` is the share that was done, on time or
    late, of those that should have been, 0 to 1: what was left out on purpose does not count. Durations are in seconds,
    of runs that were done; None without any.
    """

    job: str
    runs: int
    ran: int
    late: int
    failed: int
    skipped: int
    missed: int
    mended: int
    success: float | None
    duration_median_s: float | None
    duration_p95_s: float | None


def statistics_of(runs: Iterable[JobRun]) -> list[JobStatistics]:
    """Return the statistics of each job, by its name."""
    by_job: dict[str, list[JobRun]] = {}
    for run in runs:
        by_job.setdefault(run.job, []).append(run)
    return [_of_one(job, those) for job, those in sorted(by_job.items())]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of these values that at least this share of them does not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _of_one(job: str, runs: Sequence[JobRun]) -> JobStatistics:
    done = [run for run in runs if run.state in DONE]
    expected = sum(run.state not in ON_PURPOSE for run in runs)
    took = [run.figures[DURATION] for run in done if DURATION in run.figures]
    return JobStatistics(
        job=job,
        runs=len(runs),
        ran=sum(run.state == RAN for run in runs),
        late=sum(run.state == LATE for run in runs),
        failed=sum(run.state == FAILED for run in runs),
        skipped=sum(run.state.startswith("skipped") for run in runs),
        missed=sum(run.state == MISSED for run in runs),
        mended=sum(bool(run.history) for run in runs),
        success=len(done) / expected if expected else None,
        duration_median_s=median(took) if took else None,
        duration_p95_s=percentile(took, 0.95) if took else None,
    )
