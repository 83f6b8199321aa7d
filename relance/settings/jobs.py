"""The settings of the jobs that keep the house (SPEC sections 7 and 10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from relance.settings.group import Cron, Group

LEAST_CATCHUP = timedelta(seconds=10)
"""The server takes nothing shorter for a catch-up window."""


Catchup = Annotated[timedelta, Field(ge=LEAST_CATCHUP)]


class Jobs(Group):
    """When the jobs that keep the house run, in the default zone, and how long their runs are remembered."""

    cleanup_cron: Cron = Field("30 3 * * 0", description="When the weekly cleanup runs.")
    cleanup_catchup: Catchup = Field(timedelta(days=1), description="How late a missed cleanup is made up for.")
    health_cron: Cron = Field("*/5 * * * *", description="When the health check runs.")
    health_catchup: Catchup = Field(
        timedelta(minutes=5), description="How late a missed health check is made up for; one interval is enough."
    )
    reconcile_cron: Cron = Field("0 * * * *", description="When follow-ups are compared with the ledger.")
    reconcile_catchup: Catchup = Field(
        timedelta(hours=1), description="How late a missed reconciliation is made up for."
    )
    digest_cron: Cron = Field("30 8 * * *", description="When the daily digest of low alerts is sent.")
    digest_catchup: Catchup = Field(timedelta(hours=12), description="How late a missed digest is made up for.")
    noise_report_cron: Cron = Field("0 9 * * 1", description="When the weekly report on noisy alerts is sent.")
    noise_report_catchup: Catchup = Field(
        timedelta(days=1), description="How late a missed noise report is made up for."
    )
    audit_grace: timedelta = Field(
        timedelta(minutes=1),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="How long after its catch-up window a nominal time without a run is still waited for.",
    )
    runs_kept: timedelta = Field(
        timedelta(days=400), ge=timedelta(days=7), description="How long the records of job runs are kept."
    )
