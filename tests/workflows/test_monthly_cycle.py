from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import TimeSkipper

from relance.contracts.cycle import CycleInput, CycleOptions, CycleStatistics
from relance.contracts.names import TaskQueue
from relance.domain.cycle.send_times import period_window
from tests.support.asking import answered
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve, move_to
from tests.workflows.house import House
from workflows.monthly_cycle import MonthlyCycle

Handle = WorkflowHandle[MonthlyCycle, CycleStatistics]
WAVES_OF_A_LONG_CYCLE = 60
# Every timer that is skipped costs the server about a second.
RARELY = CycleOptions(batch_users=2, replan_every=timedelta(days=60))


@pytest.fixture
def period() -> str:
    ahead = datetime.now(UTC) + timedelta(days=31)
    return f"{ahead:%Y-%m}"


@pytest.fixture
def first_wave(period: str) -> datetime:
    return period_window(period)[0] + timedelta(days=5)


async def begin(skipper: TimeSkipper, request: CycleInput) -> Handle:
    return await skipper.client.start_workflow(
        MonthlyCycle.run,
        request,
        id=f"cycle-under-test/{uuid4()}",
        task_queue=TaskQueue.INVITATIONS,
        execution_timeout=timedelta(days=200),
    )


async def test_each_wave_goes_out_at_its_instant_and_the_cycle_ends_with_its_period(
    skipper: TimeSkipper, serving: Serve, period: str, first_wave: datetime
) -> None:
    second_wave = first_wave + timedelta(days=7)
    house = House(planned={"u1": first_wave, "u2": first_wave, "u3": first_wave, "u4": second_wave})
    async with serving(house.activities()):
        handle = await begin(skipper, CycleInput(period=period, options=RARELY))
        await move_to(skipper, handle, first_wave - timedelta(minutes=1))
        assert house.batches == []
        await skipper.fast_forward(handle, None)
        result = await handle.result()
    assert sorted(batch.boundary.users for batch in house.batches) == [1, 1, 2]
    assert all(batch.at >= batch.instant for batch in house.batches)
    assert (result.sent, result.balance) == (4, 0)
    assert result.progress is not None
    assert (result.progress.waves_done, result.progress.rss_peak_mb) == (2, 100.0)


async def test_sending_now_ends_as_soon_as_everything_is_sent(
    serving: Serve, skipper: TimeSkipper, period: str
) -> None:
    now = datetime.now(UTC)
    house = House(planned={f"u{n}": now for n in range(5)})
    async with serving(house.activities()):
        result = await (await begin(skipper, CycleInput(period=period, options=RARELY, send_now=True))).result()
    assert result.sent == 5
    assert house.plans_made[0].send_now


async def test_a_batch_that_fails_for_good_stops_neither_the_others_nor_later_waves(
    skipper: TimeSkipper, serving: Serve, period: str, first_wave: datetime
) -> None:
    later = first_wave + timedelta(hours=3)
    house = House(planned={"u1": first_wave, "u2": first_wave, "u3": first_wave, "u4": later}, failing_users={"u1"})
    async with serving(house.activities()):
        handle = await begin(skipper, CycleInput(period=period, options=RARELY))
        await move_to(skipper, handle, later)
        async with asyncio.timeout(PATIENCE_S):
            while set(house.planned) != {"u1", "u2"}:
                await asyncio.sleep(0.05)
        # Mended: its plans come up again with the next planning pass.
        house.failing_users.clear()
        await handle.signal(MonthlyCycle.preferences_changed)
        async with asyncio.timeout(PATIENCE_S):
            while house.planned:
                await asyncio.sleep(0.05)
        progress = await answered(lambda: handle.query(MonthlyCycle.progress))
        await handle.terminate()
    assert progress.batches_failed == 1


async def test_changed_preferences_are_planned_at_once_on_the_signal(
    skipper: TimeSkipper, serving: Serve, period: str, first_wave: datetime
) -> None:
    house = House(planned={"u1": first_wave}, joining=[{}, {"u2": first_wave}])
    async with serving(house.activities()):
        handle = await begin(skipper, CycleInput(period=period, options=RARELY))
        async with asyncio.timeout(PATIENCE_S):
            while (await answered(lambda: handle.query(MonthlyCycle.progress))).stage != "waiting":
                await asyncio.sleep(0.05)
        await handle.signal(MonthlyCycle.preferences_changed)
        async with asyncio.timeout(PATIENCE_S):
            while "u2" not in house.planned:
                await asyncio.sleep(0.05)
        await handle.terminate()
    assert [request.opening for request in house.plans_made] == [True, False]


async def test_the_balance_waits_for_mails_that_are_tried_again(
    skipper: TimeSkipper, serving: Serve, period: str
) -> None:
    house = House(planned={"u1": datetime.now(UTC)}, open_answers=[2, 1])
    async with serving(house.activities()):
        handle = await begin(skipper, CycleInput(period=period, options=RARELY, send_now=True))
        await skipper.fast_forward(handle, None)
        result = await handle.result()
    assert (house.balances, result.open) == (3, 0)
    assert house.interim == [True] * 3
    assert len(house.unsent) == 1, "who got no mail is recorded once, before the balance"


async def test_mails_that_take_long_are_looked_at_ever_less_often(
    skipper: TimeSkipper, serving: Serve, period: str
) -> None:
    house = House(planned={"u1": datetime.now(UTC)}, open_answers=[1] * 9)
    async with serving(house.activities()):
        handle = await begin(skipper, CycleInput(period=period, options=RARELY, send_now=True))
        await skipper.fast_forward(handle, None)
        result = await handle.result()
        found = await handle.describe()
    assert (house.balances, result.open) == (10, 0)
    assert found.close_time is not None
    # Five pauses of five minutes, then each a quarter of the wait so far: 61 minutes.
    assert timedelta(minutes=60) <= found.close_time - found.start_time <= timedelta(minutes=70)


async def test_a_cycle_never_ends_with_an_interim_answer(skipper: TimeSkipper, serving: Serve, period: str) -> None:
    house = House(planned={"u1": datetime.now(UTC)}, answers_interim=True)
    async with serving(house.activities()):
        handle = await begin(skipper, CycleInput(period=period, options=RARELY, send_now=True))
        result = await handle.result()
    assert (house.interim, result.interim) == ([True, False], False)


async def test_a_long_cycle_continues_as_new_and_keeps_its_counts(
    skipper: TimeSkipper, serving: Serve, period: str
) -> None:
    start = datetime.now(UTC)
    house = House(planned={f"u{n:03d}": start - timedelta(minutes=n) for n in range(WAVES_OF_A_LONG_CYCLE)})
    async with serving(house.activities()):
        handle = await begin(skipper, CycleInput(period=period, options=RARELY, send_now=True))
        result = await handle.result()
        first = skipper.client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)
        first_run = await first.describe()
    assert first_run.status is WorkflowExecutionStatus.CONTINUED_AS_NEW
    assert result.progress is not None
    assert (result.sent, result.progress.waves_done) == (WAVES_OF_A_LONG_CYCLE, WAVES_OF_A_LONG_CYCLE)
