"""The health check with a real worker: what it stores, what it tells, and what the worker says of itself over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from relance.contracts.jobs import JobResult
from relance.contracts.names import JobName
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Delay, SmtpStage
from relance.domain.alerts.model import AlertState, Rule
from relance.domain.health.probes import ProbeName
from relance.domain.health.status import Health
from relance.settings.jobs import Jobs
from relance.temporal.jobs import start_job
from tests.support.installation import Installation
from tests.support.worker_process import WorkerProcess

QUICK = {
    "RELANCE_HEALTH__AGAIN": "PT0.2S",
    "RELANCE_HEALTH__REPORT_EVERY": "PT0.2S",
    "RELANCE_HEALTH__POLL_WITHIN": "PT10M",
    "RELANCE_MONITORING__HEALTH_PORT": "0",
    "RELANCE_ALERTS__RESOLVE_HOLD": "PT0S",
    "RELANCE_PERFORMANCE__LEAST_RUNS": "3",
    "RELANCE_PERFORMANCE__LEAST_LATENCY": "500",
    "RELANCE_PERFORMANCE__LEAST_DURATION": "PT10M",
}
SLOW_S = 2.0


async def check(installation: Installation, hour: int) -> JobResult:
    nominal = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hour)
    handle = await start_job(installation.client, JobName.HEALTH, Jobs(), nominal)
    return await handle.result()


async def ask(worker: WorkerProcess, path: str) -> tuple[int, Any]:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{worker.health_url}{path}")
    return answer.status_code, answer.json()


async def until(holds: Callable[[], Any], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_a_run_made_slow_is_told_with_figure_baseline_and_factor_and_is_over_with_the_next_one(
    installation: Installation, mailbox: Mailbox
) -> None:
    await installation.database.ensure_indexes()
    await installation.start_worker(environment=QUICK)
    usual = [await check(installation, hour) for hour in range(5)]
    assert all(0 < one.figures["smtp_ms"] < 1000 * SLOW_S for one in usual)
    await mailbox.add_rule(Delay(stage=SmtpStage.CONNECT, seconds=SLOW_S))
    slow = await check(installation, 5)
    assert slow.figures["smtp_ms"] > 1000 * SLOW_S
    # The run that was slow has no record yet when it compares: the next one finds it.
    await mailbox.clear_rules()
    await check(installation, 6)
    found = {alert.subject: alert for alert in await installation.database.alerts.open(Rule.PERFORMANCE)}
    assert found.keys() == {"health.smtp_ms"}
    alert = found["health.smtp_ms"]
    assert float(alert.evidence.current or 0) == pytest.approx(slow.figures["smtp_ms"], abs=0.1)
    assert float(alert.evidence.value or 0) > 2
    await check(installation, 7)

    async def over() -> bool:
        return (await installation.database.alerts.newest([alert.key]))[alert.key].state is AlertState.RESOLVED

    await until(over)


@pytest.mark.slow
async def test_a_worker_says_over_http_that_it_lives_is_ready_and_drains(
    installation: Installation, mailbox: Mailbox
) -> None:
    await installation.database.ensure_indexes()
    worker = await installation.start_worker(environment=QUICK)
    assert (await ask(worker, "/live"))[0] == 200
    assert await ask(worker, "/ready") == (200, {"ready": True, "missing": []})
    (report,) = await installation.database.workers.alive(datetime.now(UTC) - timedelta(seconds=5))
    assert report.role == "all"
    assert 20 < report.rss_mb < 512
    await check(installation, 0)
    statuses = await installation.database.health_checks.all()
    assert statuses.keys() == {str(one) for one in ProbeName}
    assert {one.state for one in statuses.values()} <= {Health.HEALTHY, Health.DEGRADED}
    assert (statuses[ProbeName.MEMORY].value or 0) > 20
    code, _ = await worker.stop()
    assert code == 0
    assert await installation.database.workers.alive(datetime.now(UTC) - timedelta(minutes=5)) == []
