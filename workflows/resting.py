"""How long a workflow waits before it looks again: each look stays in its history, which must not grow without end."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow

SHARE = 4


def rest(every: timedelta, since: datetime, patch: str) -> timedelta:
    """Return the pause before the next look: a quarter of the wait so far, at least `every`; `patch` is its name.

    Whoever waits ten times as long looks ten times more, not ten times as often, and learns of the end a quarter late
    at most.
    """
    longer = (workflow.now() - since) / SHARE
    return longer if longer > every and workflow.patched(patch) else every
