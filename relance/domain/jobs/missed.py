"""When people are notified that a job did not run (SPEC H3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from relance.domain.alerts.model import Rule
from relance.domain.jobs.audit import AUDIT
from relance.domain.jobs.run import DONE, ON_PURPOSE, JobRun

RECENT = 50
"""So many of a job's newest records are looked at."""

TELL_THEMSELVES = frozenset({Rule.DEFAULT_LP.value, Rule.PAUSED_PARTNER.value})
"""Jobs whose own runs tell people when they fail: that there is no data (SPEC W4)."""


def is_bad(run: JobRun) -> bool:
    """Return whether people must hear of a run: it should have been done, was not, and nobody else says so."""
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
