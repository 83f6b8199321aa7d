"""The settings of the hourly reconciliation (SPEC R8)."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from relance.settings.group import Group


class Reconcile(Group):
    """When a reminder counts as overdue, and from when on people hear of what was mended."""

    margin: timedelta = Field(
        timedelta(hours=2),
        ge=timedelta(minutes=15),
        le=timedelta(days=2),
        description="How long after it came due a reminder of which nothing is known counts as overdue.",
    )
    grace: timedelta = Field(
        timedelta(minutes=10),
        ge=timedelta(0),
        le=timedelta(days=1),
        description="How long whoever writes a decision or an alert has to start or signal its workflow; a workflow "
        "that is gone after that is started again.",
    )
    alert_above: int = Field(
        20, ge=0, le=1_000_000, description="Mending more than this in one run is an alert; plans stuck always are."
    )
