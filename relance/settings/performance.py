"""The settings of the performance watch (SPEC H5)."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from relance.domain.performance import PerformancePolicy
from relance.settings.group import Group


class Performance(Group):
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
