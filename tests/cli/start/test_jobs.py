"""The jobs that keep the house: their Schedules, and runs of them by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, ScheduleActionStartWorkflow, WorkflowExecutionStatus

import starter
from relance.contracts.jobs import JobInput
from relance.contracts.names import JobName, TaskQueue
from relance.domain.jobs.audit import AuditStatus
from relance.domain.jobs.run import JobRun
from relance.settings import Settings
from relance.settings.jobs import Jobs
from relance.temporal import schedules
from relance.temporal.jobs import WORKFLOWS, catchup_of, cron_of, timeout_of
from relance.temporal.nominal_times import TemporalNominalTimes
from tests.cli.desk import stored
from tests.support.terminal import Terminal
from tests.support.worker_process import WorkerProcess

DAY = timedelta(days=1)
# In Paris: half past three is 02:30 UTC in winter. The 6th of December 2026 is a Sunday.
FIRST = {
    JobName.CLEANUP: "2026-12-06T02:30",
    JobName.HEALTH: "2026-12-01T00:05",
    JobName.RECONCILE: "2026-12-01T01:00",
    JobName.DIGEST: "2026-12-01T07:30",
    JobName.NOISE: "2026-12-07T08:00",
}


@pytest.fixture
def applied(terminal: Terminal) -> Terminal:
    terminal.json("schedules", "apply")
    return terminal


def test_a_job_without_a_schedule_can_only_be_started_for_now(terminal: Terminal) -> None:
    ended = terminal.run("start", "cleanup")
    assert ended.code == 2
    assert "'cleanup'" in ended.err
    assert "--now" in ended.err


async def test_each_job_runs_at_its_time_and_can_be_made_up_for(applied: Terminal, client: Client) -> None:
    times, defaults = TemporalNominalTimes(client), Jobs()
    start = datetime(2026, 12, 1, tzinfo=UTC)
    for job, first in FIRST.items():
        found, _ = await times.matching(job, start, start + 8 * DAY)
        assert f"{found[0]:%Y-%m-%dT%H:%M}" == first
        schedule = (await client.get_schedule_handle(job).describe()).schedule
        assert schedule.policy.catchup_window == catchup_of(job, defaults)
        action = schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert (action.workflow, action.task_queue, action.id) == (WORKFLOWS[job], TaskQueue.OPS, job)
        # One that finds no worker in time records that itself; one that hangs is ended.
        assert action.execution_timeout == timeout_of(job, defaults) > catchup_of(job, defaults)
        [request] = await client.data_converter.decode(action.args, [JobInput])
        assert request == JobInput(max_wait=catchup_of(job, defaults))


async def test_changed_settings_of_a_job_reach_the_server(applied: Terminal, client: Client) -> None:
    jobs = {"reconcile_cron": "10 15 * * * * *", "reconcile_catchup": "PT20M"}
    await schedules.apply(client, Settings.model_validate({"jobs": jobs}))
    watched = await TemporalNominalTimes(client).schedule("reconcile")
    assert watched is not None
    assert watched.catchup == timedelta(minutes=20)
    latest = await TemporalNominalTimes(client).latest("reconcile", datetime(2026, 12, 1, 12, tzinfo=UTC))
    assert latest == datetime(2026, 12, 1, 11, 15, 10, tzinfo=UTC)


@pytest.mark.parametrize("cron", ["0 3 * *", "60 3 * * *", "@Daily", "0 0 ? * *"])
def test_a_wrong_cron_expression_stops_the_start_and_names_the_setting(terminal: Terminal, cron: str) -> None:
    wrong = Terminal({**terminal.environment, "RELANCE_JOBS__CLEANUP_CRON": cron})
    ended = wrong.run("schedules", "list")
    assert ended.code == 2
    assert "RELANCE_JOBS__CLEANUP_CRON" in ended.err


async def test_two_starts_are_one_run_for_the_newest_nominal_time_and_the_audit_sees_it(
    applied: Terminal, client: Client
) -> None:
    said = applied.json("start", "reconcile")
    times = TemporalNominalTimes(client)
    nominal = await times.latest("reconcile", datetime.now(UTC))
    assert nominal is not None
    assert said["workflow"] == f"reconcile-{nominal:%Y-%m-%dT%H:%M:%SZ}"
    assert applied.json("start", "reconcile")["workflow"] == said["workflow"]
    watched = await times.schedule("reconcile")
    assert watched is not None
    found = await times.execution(watched, nominal)
    assert found is not None
    assert found.status is AuditStatus.RUNNING
    handle = client.get_workflow_handle(said["workflow"])
    await handle.terminate()
    ended = await times.execution(watched, nominal)
    assert ended is not None
    assert ended.status is AuditStatus.TERMINATED
    assert await times.execution(watched, nominal - DAY) is None


async def test_a_run_nobody_took_is_told_from_one_that_hung(applied: Terminal, client: Client) -> None:
    nominal = datetime(2026, 11, 1, tzinfo=UTC)
    await client.start_workflow(
        "Reconcile",
        JobInput(),
        id=f"reconcile-{nominal:%Y-%m-%dT%H:%M:%SZ}",
        task_queue="nobody",
        execution_timeout=timedelta(seconds=1),
    )
    times = TemporalNominalTimes(client)
    watched = await times.schedule("reconcile")
    assert watched is not None
    for _ in range(100):
        found = await times.execution(watched, nominal)
        assert found is not None
        if found.status is not AuditStatus.RUNNING:
            assert found.status is AuditStatus.UNSERVED
            return
        await asyncio.sleep(0.1)
    pytest.fail("it was not ended")


async def test_a_job_by_hand_makes_up_for_what_failed_and_a_dry_run_leaves_no_record(
    applied: Terminal, client: Client, worker: WorkerProcess
) -> None:
    # At the full hour another run would be the latest.
    while (soon := datetime.now(UTC) + timedelta(minutes=1)).minute == 0:
        await asyncio.sleep(61 - soon.second)
    nominal = await TemporalNominalTimes(client).latest("reconcile", datetime.now(UTC))
    assert nominal is not None
    async with starter.database(stored(applied)) as database:
        await database.ensure_indexes()
        await database.job_runs.record(JobRun(job="reconcile", nominal=nominal, state="failed", at=nominal))
    dry = await asyncio.to_thread(applied.run, "start", "cleanup", "--dry-run", "--json")
    assert (dry.code, dry.data["dry_run"], dry.data["state"]) == (0, True, "ran")
    done = await asyncio.to_thread(applied.run, "start", "reconcile", "--wait", "--json")
    assert done.code == 0, done
    runs: list[dict[str, Any]] = applied.json("report", "jobs")["runs"]
    assert [run["job"] for run in runs if run["job"] == "cleanup"] == []
    [run] = [run for run in runs if run["job"] == "reconcile" and run["nominal"] == f"{nominal:%Y-%m-%dT%H:%M:%SZ}"]
    assert (run["state"], [one["state"] for one in run["history"]]) == (done.data["state"], ["failed"])
    handle = client.get_workflow_handle(f"reconcile-{nominal:%Y-%m-%dT%H:%M:%SZ}")
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED


def test_the_settings_say_when_and_how_late_each_job_runs() -> None:
    jobs = Jobs(noise_report_cron="0 7 * * 2", digest_catchup=timedelta(hours=2))
    assert (cron_of(JobName.NOISE, jobs), catchup_of(JobName.DIGEST, jobs)) == ("0 7 * * 2", timedelta(hours=2))
    assert timeout_of(JobName.HEALTH, jobs) == timedelta(minutes=15)
    assert timeout_of(JobName.CLEANUP, jobs) == 2 * DAY
