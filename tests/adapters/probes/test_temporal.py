"""The probes that ask Temporal, on a real server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow, ScheduleSpec, ScheduleState
from temporalio.worker import Worker

from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.adapters.probes.job_runs import JobRunsProbe
from relance.contracts.names import JobName, TaskQueue, Workflow
from relance.devstack.processes import free_port
from relance.domain.health.status import Trouble
from relance.domain.jobs.run import FAILED, RAN, JobRun
from relance.ports import Probe
from relance.services.health_checks import run_probes
from relance.temporal.nominal_times import TemporalNominalTimes
from relance.temporal.probes.frontend import FrontendProbe
from relance.temporal.probes.queues import QueuesProbe, WorkersProbe
from relance.temporal.probes.schedules import MissedActionsProbe
from relance.temporal.probes.stuck import StuckProbe
from tests.support.patience import PATIENCE_S
from tests.support.watch import Watch
from workflows.registry import WORKFLOWS

DEADLINE = 5.0
CLOCK = SystemClock()


async def trouble(probe: Probe) -> Trouble | None:
    (look,) = await run_probes([probe], CLOCK)
    return look.trouble


async def start_waiting(client: Client) -> None:
    """Start a health check that no worker takes."""
    await client.start_workflow(Workflow.HEALTH, id="waiting", task_queue=TaskQueue.OPS)


async def test_a_server_that_serves_answers_in_some_milliseconds(client: Client) -> None:
    reading = await FrontendProbe(client, DEADLINE).look()
    assert (reading.unit, 0 < reading.value < 5000) == ("ms", True)


async def test_a_server_that_is_not_there_is_a_trouble_of_every_probe() -> None:
    away = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True)
    probes: list[Probe] = [
        FrontendProbe(away, DEADLINE),
        QueuesProbe(away, CLOCK, DEADLINE),
        WorkersProbe(away, CLOCK, timedelta(minutes=1), DEADLINE),
        StuckProbe(away, CLOCK, [Workflow.HEALTH], timedelta(hours=1), DEADLINE),
        MissedActionsProbe(away, ["health"], DEADLINE),
    ]
    assert all(look.trouble is not None for look in await run_probes(probes, CLOCK))


async def test_the_age_of_the_oldest_task_is_seen_in_whichever_queue_it_waits(client: Client) -> None:
    probe = QueuesProbe(client, CLOCK, DEADLINE)
    assert ((await probe.look()).value, (await probe.look()).detail) == (0, "")
    await start_waiting(client)
    async with asyncio.timeout(PATIENCE_S):
        while (await probe.look()).value < 0.5:
            await asyncio.sleep(0.2)
    assert (await probe.look()).detail == "relance-ops (1)"


async def test_a_queue_nobody_asks_for_work_is_named(client: Client) -> None:
    probe = WorkersProbe(client, CLOCK, timedelta(minutes=2), DEADLINE)
    assert (await probe.look()).value == 3
    activities = Watch().activities()
    async with Worker(client, task_queue=TaskQueue.OPS, workflows=WORKFLOWS[TaskQueue.OPS], activities=activities):
        async with asyncio.timeout(PATIENCE_S):
            while (await probe.look()).value == 3:
                await asyncio.sleep(0.2)
        assert (await probe.look()).detail == "relance-invitations, relance-mail"
        long_ago = WorkersProbe(client, CLOCK, timedelta(seconds=-60), DEADLINE)
        assert (await long_ago.look()).value == 3


async def test_a_job_that_is_open_for_too_long_is_stuck_and_a_young_one_is_not(client: Client) -> None:
    await start_waiting(client)
    for limit, expected in ((timedelta(hours=1), 0), (timedelta(0), 1)):
        probe = StuckProbe(client, CLOCK, [Workflow.HEALTH], limit, DEADLINE)
        async with asyncio.timeout(PATIENCE_S):
            while (await probe.look()).value != expected:
                await asyncio.sleep(0.2)
    others = StuckProbe(client, CLOCK, [Workflow.CLEANUP], timedelta(0), DEADLINE)
    assert (await others.look()).value == 0


async def schedule(client: Client, *, paused: bool = False, every: str = "* * * * * * *") -> None:
    action = ScheduleActionStartWorkflow(Workflow.DIGEST, id="digest", task_queue=TaskQueue.OPS)
    await client.create_schedule(
        JobName.DIGEST,
        Schedule(action=action, spec=ScheduleSpec(cron_expressions=[every]), state=ScheduleState(paused=paused)),
    )


async def test_schedules_that_are_not_there_or_passed_over_nothing_count_for_nothing(client: Client) -> None:
    await schedule(client)
    probe = MissedActionsProbe(client, [JobName.DIGEST, JobName.CLEANUP], DEADLINE)
    assert ((await probe.look()).value, (await probe.look()).detail) == (0, "")


def fresh(client: Client, db: Database, margin: timedelta = timedelta(0)) -> JobRunsProbe:
    jobs = [JobName.DIGEST, JobName.CLEANUP]
    return JobRunsProbe(jobs, TemporalNominalTimes(client), db.job_runs, CLOCK, margin, DEADLINE)


async def run(db: Database, state: str) -> None:
    # Later than any nominal time of the test.
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    await db.job_runs.record(JobRun(job=JobName.DIGEST, nominal=at, state=state, at=at))


@pytest.mark.parametrize(("state", "stale"), [(RAN, 0), (FAILED, 1)])
async def test_a_job_is_stale_until_a_run_did_its_work(client: Client, db: Database, state: str, stale: int) -> None:
    await schedule(client)
    probe = fresh(client, db)
    async with asyncio.timeout(PATIENCE_S):
        while (await probe.look()).value != 1:
            await asyncio.sleep(0.2)
    assert (await probe.look()).detail == JobName.DIGEST
    assert (await fresh(client, db, timedelta(hours=1)).look()).value == 0
    await run(db, state)
    assert (await probe.look()).value == stale


async def test_a_job_whose_schedule_is_paused_or_not_there_is_not_stale(client: Client, db: Database) -> None:
    await schedule(client, paused=True)
    await asyncio.sleep(1.2)
    assert (await fresh(client, db).look()).value == 0
