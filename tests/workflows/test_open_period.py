from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleBackfill,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    ScheduleSpec,
    ScheduleState,
    WorkflowExecutionStatus,
)

from relance import ids
from relance.contracts.cycle import CycleInput, OpenPeriodInput
from relance.contracts.names import TaskQueue
from relance.domain.jobs.run import ENDED_BY_HAND
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve
from tests.workflows.house import House
from workflows.monthly_cycle import MonthlyCycle
from workflows.open_period import OpenPeriod

ZONE = "Europe/Paris"


@pytest.fixture
async def schedule(client: Client) -> AsyncIterator[ScheduleHandle]:
    handle = await client.create_schedule(
        f"opening-under-test-{uuid4()}",
        Schedule(
            action=ScheduleActionStartWorkflow(
                OpenPeriod.run,
                OpenPeriodInput(zone=ZONE),
                id=f"open-under-test-{uuid4()}",
                task_queue=TaskQueue.OPS,
                execution_timeout=timedelta(minutes=2),
            ),
            spec=ScheduleSpec(cron_expressions=["0 6 25 * *"], time_zone_name=ZONE),
            state=ScheduleState(paused=True),
        ),
    )
    yield handle
    await handle.delete()


async def backfill(handle: ScheduleHandle, year: int, month: int) -> None:
    day = datetime(year, month, 25, tzinfo=UTC)
    await handle.backfill(
        ScheduleBackfill(start_at=day, end_at=day + timedelta(days=1), overlap=ScheduleOverlapPolicy.BUFFER_ALL)
    )


async def recorded(house: House, runs: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(house.job_runs) < runs:
            await asyncio.sleep(0.05)


async def end(client: Client, period: str) -> None:
    await client.get_workflow_handle(ids.cycle_workflow_id(period)).terminate()


async def test_a_backfill_opens_the_period_of_its_nominal_time_and_not_of_today(
    client: Client, serving: Serve, schedule: ScheduleHandle
) -> None:
    house = House()
    async with serving(house.activities()):
        await backfill(schedule, 2031, 1)
        await recorded(house, 1)
        started = await client.get_workflow_handle(ids.cycle_workflow_id("2031-02")).describe()
        await end(client, "2031-02")
    assert started.workflow_type == "MonthlyCycle"
    run = house.job_runs[0]
    # 6:00 in Paris, in winter.
    assert (run.period, run.nominal) == ("2031-02", datetime(2031, 1, 25, 5, 0, tzinfo=UTC))


async def test_the_same_period_is_opened_once_however_often_it_is_asked_for(
    client: Client, serving: Serve, schedule: ScheduleHandle
) -> None:
    house = House()
    async with serving(house.activities()):
        for runs in (1, 2):
            await backfill(schedule, 2032, 3)
            await recorded(house, runs)
        await end(client, "2032-04")
    assert [run.state for run in house.job_runs] == ["ran", "skipped(already open)"]


async def test_a_period_a_person_started_by_hand_is_not_opened_again(
    client: Client, serving: Serve, schedule: ScheduleHandle
) -> None:
    house = House()
    async with serving(house.activities()):
        await client.start_workflow(
            MonthlyCycle.run,
            CycleInput(period="2033-06", send_now=True),
            id=ids.cycle_workflow_id("2033-06"),
            task_queue=TaskQueue.INVITATIONS,
        )
        await client.get_workflow_handle(ids.cycle_workflow_id("2033-06")).result()
        await backfill(schedule, 2033, 5)
        await recorded(house, 1)
    assert house.job_runs[0].state == "skipped(already open)"


async def test_a_cycle_that_was_ended_by_hand_is_neither_started_again_nor_taken_for_open(
    client: Client, serving: Serve, schedule: ScheduleHandle
) -> None:
    house = House(opening=ENDED_BY_HAND)
    async with serving(house.activities()):
        await backfill(schedule, 2034, 1)
        await recorded(house, 1)
        await end(client, "2034-02")
        await backfill(schedule, 2034, 1)
        await recorded(house, 2)
    assert [run.state for run in house.job_runs] == ["ran", ENDED_BY_HAND]
    found = await client.get_workflow_handle(ids.cycle_workflow_id("2034-02")).describe()
    assert found.status is WorkflowExecutionStatus.TERMINATED
