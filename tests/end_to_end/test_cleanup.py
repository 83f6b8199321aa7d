"""The weekly cleanup on a real installation: nothing that runs is touched, and a killed worker costs nothing (H1)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from relance import ids
from relance.contracts.jobs import JobInput, JobResult
from relance.contracts.names import TaskQueue, Workflow
from tests.support.installation import Installation
from tests.support.patience import PATIENCE_S
from tests.support.people import PERIOD, people

RUNS = 30_000


async def clean(installation: Installation, name: str, nominal: datetime, *, dry_run: bool = False) -> JobResult:
    result: JobResult = await installation.client.execute_workflow(
        Workflow.CLEANUP,
        JobInput(nominal=nominal, dry_run=dry_run),
        id=f"cleanup-{name}",
        task_queue=TaskQueue.OPS,
        execution_timeout=timedelta(minutes=3),
        result_type=JobResult,
    )
    assert result.state in {"ran", "late"}, result
    return result


async def test_an_ended_period_loses_its_names_when_its_follow_ups_are_gone_and_not_before(
    installation: Installation,
) -> None:
    await installation.load(*people(3, 2))
    await installation.start_worker()
    await (await installation.start_cycle(PERIOD)).result()
    raw, in_spring = installation.database.raw, datetime.now(UTC) + timedelta(days=150)

    held = (await clean(installation, "held", in_spring)).counts
    assert (held["invitations_expired"], held["held_follow_ups_live"], held["invitations_anonymised"]) == (0, 1, 0)
    for user in range(3):
        await installation.client.get_workflow_handle(ids.follow_up_workflow_id(PERIOD, f"u{user}")).terminate("a test")

    rehearsed = await clean(installation, "rehearsal", in_spring, dry_run=True)
    assert set(await installation.entries(PERIOD)) >= {f"{PERIOD}.u0.u0c0"}
    done = await clean(installation, "real", in_spring + timedelta(milliseconds=1))
    assert done.counts == rehearsed.counts
    assert (done.counts["invitations_expired"], done.counts["invitations_anonymised"]) == (6, 6)
    entries = await installation.entries(PERIOD)
    assert {entry.status for entry in entries.values()} == {"expired"}
    assert not any("u0" in entry.id.split(".") for entry in entries.values())
    statistics = await installation.statistics(PERIOD)
    assert (statistics.sent, statistics.balance) == (6, 0)
    assert await raw.anonymisations.count_documents({}) == 0
    assert len(await installation.database.job_runs.runs(job="cleanup")) == 2


@pytest.mark.slow(35)
async def test_a_cleanup_whose_worker_was_killed_goes_on_with_the_next_one(installation: Installation) -> None:
    runs = installation.database.raw.jobRuns
    long_ago = datetime.now(UTC) - timedelta(days=500)
    await installation.load(*people(1, 1))
    await runs.insert_many([{"job": f"j{n}", "nominal": long_ago} for n in range(RUNS)], ordered=False)
    worker = await installation.start_worker()
    cleaning = asyncio.create_task(clean(installation, "killed", datetime.now(UTC)))
    async with asyncio.timeout(PATIENCE_S):
        while await runs.count_documents({}) >= RUNS:
            await asyncio.sleep(0.005)
    worker.kill()
    await asyncio.sleep(0.5)
    left = await runs.count_documents({"nominal": {"$lt": long_ago + timedelta(days=1)}})
    assert 0 < left < RUNS
    await installation.start_worker()
    result = await cleaning
    assert await runs.count_documents({"nominal": {"$lt": long_ago + timedelta(days=1)}}) == 0
    # What was done since the last heartbeat is not counted twice, and may not be counted at all.
    assert left <= result.counts["job_runs_deleted"] <= RUNS
