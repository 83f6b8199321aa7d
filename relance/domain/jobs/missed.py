"""When people are told that a job did not run (SPEC H3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from relance.domain.alerts.model import Evidence, Rule
from relance.domain.alerts.opening import Sighting
from relance.domain.failures import Severity
from relance.domain.job_audit import AUDIT
from relance.domain.job_run import DONE, ON_PURPOSE, JobRun

RECENT = 50
"""So many of a job's newest records are looked at."""

TELL_THEMSELVES = frozenset({Rule.DEFAULT_LP.value, Rule.PAUSED_PARTNER.value})
"""Jobs whose own runs tell people when they fail: that there is no data (SPEC W4)."""


def is_bad(run: JobRun) -> bool:
    """Tell whether people must hear of a run: it should have been done, was not, and nobody else says so."""
    if run.state in DONE | ON_PURPOSE:
        return False
    return run.job not in TELL_THEMSELVES or run.detail.get("by") == AUDIT


def worst(runs: Iterable[JobRun]) -> JobRun | None:
    """Return the newest run of which people must hear."""
    return max(filter(is_bad, runs), key=lambda run: run.nominal, default=None)


def not_done_since(runs: Sequence[JobRun]) -> JobRun | None:
    """Return the newest bad run of a job (newest first) after which it was not done again; None if it was."""
    for run in runs:
        if run.state in DONE:
            return None
        if is_bad(run):
            return run
    return None


def job_missed(run: JobRun) -> Sighting:
    """Return the sighting that a job did not run, or failed."""
    reason = run.detail.get("reason")
    return Sighting(
        rule=Rule.JOB_MISSED,
        group=Rule.JOB_MISSED,
        subject=run.job,
        severity=Severity.HIGH,
        labels={
            "name": run.job,
            "state": run.state,
            "nominal": f"{run.nominal:%Y-%m-%d %H:%M}",
            **({"reason": str(reason)} if reason else {}),
        },
        evidence=Evidence(),
    )
