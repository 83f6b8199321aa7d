"""How long a workflow waits before it looks again. Each look stays in its history, which must stay short."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow

SHARE = 4


def pause(every: timedelta, waited: timedelta) -> timedelta:
    """Return a quarter of the wait so far, at least `every`.

    A wait that is ten times as long has ten looks more, not ten times as many, and learns of the end a quarter late at
    most.
    """
    return max(every, waited / SHARE)


def rest(every: timedelta, since: datetime, patch: str) -> timedelta:
    """Return the pause before the next look of a wait that began at `since`; `patch` names it in histories."""
    longer = pause(every, workflow.now() - since)
    return longer if longer > every and workflow.patched(patch) else every
