from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from activities.performance import PerformanceWatch
from relance.contracts.cycle import CycleProgress, CycleStatistics
from relance.contracts.jobs import JobRequest
from relance.domain.alerts.model import AlertEvent, HistoryEntry, Rule
from relance.domain.jobs.run import RAN, JobRun
from relance.settings.jobs import Performance
from tests.services.alerts.conftest import perform
from tests.services.health.conftest import START, Ward

REQUEST = JobRequest(nominal=START)
KEY = "performance/cleanup.duration_s"


@pytest.fixture
def watch(ward: Ward) -> PerformanceWatch:
    return PerformanceWatch(["cleanup"], ward.data.job_runs, ward.alerts, Performance().policy, ward.clock)


async def record(ward: Ward, hour: int, seconds: float) -> None:
    at = START + timedelta(hours=hour)
    await ward.data.job_runs.record(
        JobRun(job="cleanup", nominal=at, state=RAN, at=at, figures={"duration_s": seconds})
    )


async def look(watch: PerformanceWatch) -> dict[str, int]:
    return (await perform(watch.watch_performance, REQUEST)).counts


async def test_a_run_that_took_far_longer_than_usual_is_told_once_and_over_with_the_next_good_one(
    ward: Ward, watch: PerformanceWatch
) -> None:
    for hour in range(6):
        await record(ward, hour, 60 + hour)
        assert (await look(watch))["worse"] == 0
    await record(ward, 6, 200)
    for _ in range(3):
        assert (await look(watch))["worse"] == 1
    (alert,) = await ward.data.alerts.open()
    assert (alert.key, alert.labels["job"], alert.labels["figure"]) == (KEY, "cleanup", "duration_s")
    assert (alert.evidence.current, alert.evidence.baseline) == (Decimal("200.0"), Decimal("62.5"))
    assert alert.evidence.value == Decimal("3.2")
    assert ward.told() == [(Rule.PERFORMANCE, 1, 0)]
    await record(ward, 7, 61)
    await look(watch)
    assert ward.told() == [(Rule.PERFORMANCE, 1, 0), (Rule.PERFORMANCE, 0, 1)]


async def test_a_second_bad_run_is_taken_as_seen_again(ward: Ward, watch: PerformanceWatch) -> None:
    for hour in range(6):
        await record(ward, hour, 60)
    for hour in (6, 7):
        await record(ward, hour, 300)
        await look(watch)
    (alert,) = await ward.data.alerts.open()
    assert len(ward.told()) == 2
    assert alert.observation == (START + timedelta(hours=7)).isoformat()


async def test_what_resolved_is_not_told_again_by_the_same_run(ward: Ward, watch: PerformanceWatch) -> None:
    for hour in range(6):
        await record(ward, hour, 60)
    await record(ward, 6, 300)
    await look(watch)
    await ward.data.alerts.record({KEY: [HistoryEntry(at=START, event=AlertEvent.RESOLVED)]})
    await look(watch)
    assert await ward.data.alerts.open() == []


async def test_a_dry_run_counts_and_tells_nobody(ward: Ward, watch: PerformanceWatch) -> None:
    for hour in range(6):
        await record(ward, hour, 60)
    await record(ward, 6, 300)
    outcome = await perform(watch.watch_performance, JobRequest(nominal=START, dry_run=True))
    assert (outcome.counts["worse"], ward.told()) == (1, [])


def a_cycle(period: str, seconds: float, failed: int = 0) -> CycleStatistics:
    progress = CycleProgress(period=period, sending_time=timedelta(seconds=seconds), rss_peak_mb=180.0)
    return CycleStatistics(
        period=period,
        eligible=100_000,
        sent=100_000 - failed,
        cancelled=0,
        skipped={},
        failed={"hard_recipient": failed},
        uncertain=0,
        open=0,
        balance=0,
        plans_open=0,
        progress=progress,
    )


async def test_a_monthly_cycle_is_compared_with_the_months_before(ward: Ward, watch: PerformanceWatch) -> None:
    for month in range(5, 10):
        await ward.data.job_runs.store_statistics(a_cycle(f"2026-{month:02}", 300), START)
    await ward.data.job_runs.store_statistics(a_cycle("2026-10", 1200, failed=5000), START)
    assert await look(watch) == {"compared": 1, "worse": 3}
    found = {alert.labels["figure"]: alert for alert in await ward.data.alerts.open()}
    assert found.keys() == {"duration_s", "rate", "success_rate"}
    assert {alert.labels["job"] for alert in found.values()} == {"cycle"}
    assert found["rate"].evidence.baseline == Decimal("333.3")
