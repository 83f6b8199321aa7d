"""The nominal time of a run: that of its Schedule, never the clock (SPEC C1, W3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeKey

NOMINAL_TIME = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
ON_TIME = timedelta(minutes=5)


def nominal_time() -> datetime:
    """Return the nominal time of the running workflow; of one that no Schedule started, when it was started."""
    # A catch-up or a backfill starts late but stands for its nominal time.
    return workflow.info().typed_search_attributes.get(NOMINAL_TIME) or workflow.info().workflow_start_time


def punctuality(nominal: datetime, on_time: timedelta = ON_TIME) -> str:
    """Return the state of a job run that is being done now: `ran` or `late`."""
    return "ran" if workflow.now() - nominal <= on_time else "late"


def duration_since(begun: datetime) -> dict[str, float]:
    """Return the figure every job run has: how long it took, in seconds."""
    return {"duration_s": (workflow.now() - begun).total_seconds()}
