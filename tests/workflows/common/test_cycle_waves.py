"""Waves that leave plans open, that an earlier run of the cycle has started, or that somebody cancels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.testing import TimeSkipper

from relance import ids
from relance.contracts.cycle import CycleInput, CycleOptions, CycleStatistics
from relance.contracts.names import TaskQueue
from relance.temporal.repairs import TemporalCycleRestarts
from tests.support.asking import answered
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve
from tests.workflows.hands import first_task, reset
from tests.workflows.house import House
from workflows.monthly_cycle import MonthlyCycle

Handle = WorkflowHandle[MonthlyCycle, CycleStatistics]
RARELY = CycleOptions(batch_users=1, replan_every=timedelta(days=60))


async def begin(client: Client, period: str, options: CycleOptions = RARELY) -> Handle:
    return await client.start_workflow(
        MonthlyCycle.run,
        CycleInput(period=period, options=options, send_now=True),
        id=f"cycle-under-test/{uuid4()}",
        task_queue=TaskQueue.INVITATIONS,
        execution_timeout=timedelta(days=200),
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.05)


@pytest.fixture
def period() -> str:
    # A period of its own: the ids of its waves are known to one server for all tests.
    number = uuid4().int
    return f"{2100 + number % 800}-{number % 12 + 1:02}"


async def test_a_wave_that_leaves_plans_open_comes_again_at_later_and_later_planning_passes(
    client: Client, serving: Serve, period: str
) -> None:
    now = datetime.now(UTC)
    house = House(planned={"u1": now, "u2": now}, stubborn={"u2"})
    async with serving(house.activities()):
        handle = await begin(client, period)
        waves: list[int] = []
        for asked in range(5):
            await until(lambda asked=asked: len(house.plans_made) == asked + 1)  # type: ignore[misc]
            # The pass is over when it waits again; nothing comes of itself.
            async with asyncio.timeout(PATIENCE_S):
                while (await answered(lambda: handle.query(MonthlyCycle.progress))).stage != "waiting":
                    await asyncio.sleep(0.05)
            waves.append((await answered(lambda: handle.query(MonthlyCycle.progress))).waves_done)
            await handle.signal(MonthlyCycle.preferences_changed)
        house.stubborn.clear()
        await handle.signal(MonthlyCycle.preferences_changed)
        progress = await answered(lambda: handle.query(MonthlyCycle.progress))
        await handle.terminate()
    # After one pass, then after two, then after four.
    assert waves == [1, 2, 2, 3, 3]
    assert [(one.times, one.instant) for one in progress.put_off] == [(3, now)]


async def test_a_cycle_with_open_plans_does_not_end(
    skipper: TimeSkipper, client: Client, serving: Serve, period: str
) -> None:
    house = House(planned={"u1": datetime.now(UTC)}, stubborn={"u1"})
    async with serving(house.activities()):
        handle = await begin(client, period, CycleOptions(max_late=timedelta(minutes=1)))
        await until(lambda: len(house.batches) > 0)
        await skipper.fast_forward(handle, timedelta(hours=1, minutes=20))
        assert house.balances > 2
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
        # Somebody has mended it.
        house.stubborn.clear()
        house.planned.clear()
        await skipper.fast_forward(handle, timedelta(minutes=6))
        result = await handle.result()
    assert result.plans_open == 0


async def test_a_cycle_that_starts_too_many_waves_within_an_hour_says_so_once_and_waits(
    skipper: TimeSkipper, client: Client, serving: Serve, period: str
) -> None:
    now = datetime.now(UTC)
    house = House(planned={f"u{number:03}": now - timedelta(minutes=number) for number in range(65)})
    async with serving(house.activities()):
        handle = await begin(client, period, RARELY.model_copy(update={"waves_per_hour": 60}))
        # The last of the sixty is under way when it is noted that there were as many.
        await until(lambda: len(house.waves_noted) == 1 and len(house.planned) == 5)
        await asyncio.sleep(0.5)
        assert len(house.planned) == 5
        await skipper.fast_forward(handle, timedelta(hours=1, minutes=1))
        result = await handle.result()
    assert result.sent == 65
    assert [(one.waves, one.limit) for one in house.waves_noted] == [(60, 60), (0, 60)]


async def test_a_cycle_that_is_reset_in_mid_wave_waits_for_the_wave_that_goes_on_without_it(
    client: Client, serving: Serve, period: str
) -> None:
    house = House(
        planned=dict.fromkeys(("u1", "u2", "u3"), datetime.now(UTC).replace(microsecond=0)),
        slow={"u2": asyncio.Event()},
        waves=TemporalCycleRestarts(client, CycleOptions()).wave,
    )
    async with serving(house.activities()):
        handle = await begin(client, period)
        await until(lambda: len(house.batches) == 3)
        await reset(client, handle, await first_task(handle))
        await until(lambda: house.looks_at_waves > 0)
        assert (await client.get_workflow_handle(handle.id).describe()).status is WorkflowExecutionStatus.RUNNING
        house.slow["u2"].set()
        result = await client.get_workflow_handle(handle.id, result_type=CycleStatistics).result()
    assert (result.sent, result.plans_open) == (3, 0)
    assert sorted(batch.boundary.last for batch in house.batches) == ["u1", "u2", "u3"]


async def test_a_cycle_that_is_cancelled_on_the_server_lets_its_waves_finish_and_says_what_is_left(
    client: Client, serving: Serve, period: str
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    house = House(planned={"u1": now, "u2": now, "later": now + timedelta(days=1)}, slow={"u2": asyncio.Event()})
    async with serving(house.activities()):
        handle = await begin(client, period)
        await until(lambda: len(house.batches) == 2)
        await handle.cancel()
        await asyncio.sleep(0.5)
        assert house.left == []
        house.slow["u2"].set()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        wave = client.get_workflow_handle(ids.wave_workflow_id(period, now))
        assert (await wave.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert (set(house.planned), [one.period for one in house.left]) == ({"later"}, [period])
    assert sorted(house.followed) == ["u1", "u2"]


@pytest.mark.parametrize("hand", ["cancel", "terminate"])
async def test_a_wave_that_somebody_ends_comes_again_with_the_next_planning(
    client: Client, serving: Serve, period: str, hand: str
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    house = House(planned=dict.fromkeys(("u1", "u2", "u3"), now), slow={"u1": asyncio.Event()})
    async with serving(house.activities()):
        handle = await begin(client, period, RARELY.model_copy(update={"batches_in_flight": 1}))
        await until(lambda: len(house.batches) == 1)
        wave = client.get_workflow_handle(ids.wave_workflow_id(period, now))
        await (wave.cancel() if hand == "cancel" else wave.terminate())
        house.slow["u1"].set()
        await until(lambda: "u1" not in house.planned)
        with pytest.raises(WorkflowFailureError):
            await wave.result()
        # A batch under way is finished, and no other one is begun.
        assert set(house.planned) == {"u2", "u3"}
        assert house.followed == (["u1"] if hand == "cancel" else [])
        # Asked in the same moment, the cycle plans before it knows that the wave has ended.
        async with asyncio.timeout(PATIENCE_S):
            while (await answered(lambda: handle.query(MonthlyCycle.progress))).current_waves:
                await asyncio.sleep(0.05)
        await handle.signal(MonthlyCycle.preferences_changed)
        result = await handle.result()
    assert result.plans_open == 0
    assert [batch.boundary.last for batch in house.batches] == ["u1", "u2", "u3"]
