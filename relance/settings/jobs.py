"""The settings of the recurring jobs: digest, reconciliation, performance watch, audit."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from relance.domain.jobs.performance import PerformancePolicy
from relance.settings.group import Cron, SettingsGroup

LEAST_CATCHUP = timedelta(seconds=10)
"""The server takes nothing shorter for a catch-up window."""


Catchup = Annotated[timedelta, Field(ge=LEAST_CATCHUP)]


class Jobs(SettingsGroup):
    """When the maintenance jobs run, in the default zone (due in every hour: UTC), and how long runs are remembered."""

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


class DigestGroup(SettingsGroup):
    """The reports that people get without asking."""

    when_quiet: bool = Field(
        True, description="Whether a day or week without anything to tell is told all the same, in one line."
    )


class Performance(SettingsGroup):
    """From when on a run counts as clearly worse than its job usually is."""

    factor: float = Field(2.0, gt=1, le=100, description="Factor over the median of the last runs.")
    runs: int = Field(20, ge=1, le=50, description="How many runs are looked back on.")
    least_runs: int = Field(5, ge=1, le=50, description="With fewer runs to compare with, nothing is said.")
    least_duration: timedelta = Field(
        timedelta(seconds=30), ge=timedelta(0), description="A run that took less longer than this is not told."
    )
    least_memory: float = Field(64.0, ge=0, description="MiB more that are not told.")
    least_latency: float = Field(200.0, ge=0, description="Milliseconds more of an answer that are not told.")
    least_rate: float = Field(1.0, ge=0, description="Mails per second less that are not told.")
    least_success: float = Field(
        0.02, ge=0, le=1, description="A loss of success rate that is not told (0.02: two in a hundred)."
    )

    @property
    def policy(self) -> PerformancePolicy:
        """The policy these settings describe."""
        latencies = dict.fromkeys(("mongo_ms", "smtp_ms", "temporal_ms", "everflow_ms"), self.least_latency)
        least = {
            **latencies,
            "duration_s": self.least_duration.total_seconds(),
            "rss_mb": self.least_memory,
            "rate": self.least_rate,
            "success_rate": self.least_success,
        }
        return PerformancePolicy(self.factor, self.runs, self.least_runs, least)


class ReconcileGroup(SettingsGroup):
    """When a reminder counts as overdue, and from when on people hear of what was repaired."""

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
