"""What the performance watch tells people, and what it reads from a cycle's report (SPEC H5, C13)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from relance.contracts.cycle import CycleStatistics
from relance.domain.alerts.model import Evidence, Rule
from relance.domain.alerts.opening import Sighting
from relance.domain.failures import Severity
from relance.domain.job_run import RAN, JobRun
from relance.domain.performance import Degradation

CYCLE = "cycle"


def worsened(one: Degradation, run: JobRun, factor: float) -> Sighting:
    """Return the sighting that a figure of a job was clearly worse in a run; it names figure, baseline and factor."""
    return Sighting(
        rule=Rule.PERFORMANCE,
        group=Rule.PERFORMANCE,
        subject=f"{one.job}.{one.figure}",
        severity=Severity.MEDIUM,
        labels={"job": one.job, "figure": one.figure, "unit": one.unit},
        evidence=Evidence(
            value=_rounded(one.factor),
            threshold=_rounded(factor),
            baseline=_rounded(one.baseline),
            current=_rounded(one.value),
        ),
        observation=run.nominal.isoformat(),
    )


def run_of_cycle(statistics: CycleStatistics) -> JobRun | None:
    """Return a cycle's report as the run of a job, with the figures that are watched; None if it measured nothing."""
    progress = statistics.progress
    sending = progress.sending_time.total_seconds() if progress else 0.0
    if progress is None or not sending:
        return None
    tried = statistics.sent + sum(statistics.failed.values()) + statistics.uncertain
    year, month = statistics.period.split("-")
    nominal = datetime(int(year), int(month), 1, tzinfo=UTC)
    return JobRun(
        job=CYCLE,
        nominal=nominal,
        state=RAN,
        at=nominal,
        figures={
            "duration_s": sending,
            "rate": statistics.sent / sending,
            "rss_mb": progress.rss_peak_mb,
            **({"success_rate": statistics.sent / tried} if tried else {}),
        },
    )


def _rounded(value: float) -> Decimal:
    return Decimal(str(round(value, 1)))
