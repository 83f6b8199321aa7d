from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle

from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleOptions, WaveInput, WaveResult
from relance.contracts.names import TaskQueue
from relance.domain.cycle.control import ControlState
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve
from tests.workflows.house import House
from workflows.send_wave import SLOW_AFTER, SendWave


async def send(client: Client, house: House, options: CycleOptions, serving: Serve) -> WaveResult:
    instant = next(iter(house.planned.values()))
    async with serving(house.activities()):
        return await client.execute_workflow(
            SendWave.run,
            WaveInput(period="2026-11", instant=instant, options=options),
            id=f"wave-under-test/{uuid4()}",
            task_queue=TaskQueue.INVITATIONS,
            execution_timeout=timedelta(minutes=5),
        )


SUGGESTED_AFTER = 400
"""Events after which the test server suggests to continue as new."""


def everyone(users: int) -> dict[str, datetime]:
    return dict.fromkeys((f"u{n:05d}" for n in range(users)), datetime.now(UTC).replace(microsecond=0))


async def test_a_wave_sends_every_user_once_with_no_more_batches_in_flight_than_allowed(
    client: Client, serving: Serve
) -> None:
    house = House(planned=everyone(47))
    result = await send(client, house, CycleOptions(batch_users=5, batches_in_flight=3), serving)
    assert (result.counts.users, result.batches, result.batches_failed) == (47, 10, 0)
    assert house.planned == {}
    assert house.most_in_flight <= 3
    assert sorted(house.followed) == sorted(batch.boundary.last for batch in house.batches)


async def test_a_failed_batch_is_counted_and_the_others_go_on(client: Client, serving: Serve) -> None:
    house = House(planned=everyone(10), failing_users={"u00003"})
    result = await send(client, house, CycleOptions(batch_users=2), serving)
    assert (result.counts.sent, result.batches_failed) == (8, 1)
    assert len(house.followed) == 4


async def test_a_large_wave_continues_as_new_without_losing_a_count(client: Client, serving: Serve) -> None:
    house = House(planned=everyone(300))
    result = await send(client, house, CycleOptions(batch_users=1, batches_in_flight=16), serving)
    assert (result.counts.sent, result.batches) == (300, 300)


async def wave_of(
    client: Client, house: House, options: CycleOptions, *, may_continue: bool = False
) -> WorkflowHandle[SendWave, WaveResult]:
    instant = next(iter(house.planned.values()))
    return await client.start_workflow(
        SendWave.run,
        WaveInput(period="2026-11", instant=instant, options=options, may_continue=may_continue),
        id=f"wave-under-test/{uuid4()}",
        task_queue=TaskQueue.INVITATIONS,
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.05)


async def test_follow_ups_of_finished_batches_do_not_wait_for_a_slow_one(client: Client, serving: Serve) -> None:
    house = House(planned=everyone(6), slow={"u00002": asyncio.Event()})
    async with serving(house.activities()):
        handle = await wave_of(client, house, CycleOptions(batch_users=1, batches_in_flight=2))
        await until(lambda: set(house.planned) == {"u00002"})
        # The mails go first: nobody knows yet that the last batch is slow.
        assert house.followed == []
        # Time cannot be skipped while an activity runs.
        assert SLOW_AFTER.total_seconds() < PATIENCE_S / 2
        await until(lambda: len(house.followed) == 5)
        house.slow["u00002"].set()
        result = await handle.result()
    assert (result.counts.sent, result.batches_failed) == (6, 0)
    assert len(house.followed) == 6


async def test_a_long_page_starts_the_follow_ups_of_what_is_done_every_few_minutes(
    client: Client, serving: Serve
) -> None:
    house = House(planned=everyone(6), slow={"u00001": asyncio.Event(), "u00003": asyncio.Event()})
    options = CycleOptions(batch_users=1, batches_in_flight=1, follow_every=timedelta(seconds=1))
    async with serving(house.activities()):
        handle = await wave_of(client, house, options)
        await until(lambda: house.followed == ["u00000"])
        house.slow["u00001"].set()
        await until(lambda: house.followed == ["u00000", "u00001", "u00002"])
        house.slow["u00003"].set()
        await handle.result()
    assert len(house.followed) == 6


async def test_a_wave_that_is_paused_starts_the_follow_ups_of_what_was_sent_at_once(
    client: Client, serving: Serve
) -> None:
    house = House(planned=everyone(4), slow={"u00002": asyncio.Event()})
    async with serving(house.activities()):
        handle = await wave_of(client, house, CycleOptions(batch_users=1, batches_in_flight=1))
        await until(lambda: len(house.batches) == 3)
        house.control = ControlChange(state=ControlState.PAUSED, by="ann", reason="a test", at=datetime.now(UTC))
        await handle.signal(SendWave.control, house.control)
        await until(lambda: sorted(house.followed) == ["u00000", "u00001"])
        house.slow["u00002"].set()
        await until(lambda: len(house.followed) == 3)
        house.control = house.control.model_copy(update={"state": ControlState.RUNNING, "at": datetime.now(UTC)})
        await handle.signal(SendWave.control, house.control)
        result = await handle.result()
    assert (result.counts.sent, len(house.followed)) == (4, 4)


async def test_a_wave_that_is_paused_for_long_goes_on_in_a_new_run_with_all_it_has_counted(
    client: Client, serving: Serve
) -> None:
    house = House(planned=everyone(4), slow={"u00002": asyncio.Event()})
    async with serving(house.activities()):
        handle = await wave_of(client, house, CycleOptions(batch_users=1, batches_in_flight=1), may_continue=True)
        await until(lambda: len(house.batches) == 3)
        house.control = ControlChange(state=ControlState.PAUSED, by="ann", reason="a test", at=datetime.now(UTC))
        await handle.signal(SendWave.control, house.control)
        # Every question of a paused wave makes its history longer, as these do.
        for _ in range(SUGGESTED_AFTER):
            await handle.signal(SendWave.control, house.control)
        # A batch is under way: its result belongs to this run.
        first = (await handle.describe()).run_id
        assert first == handle.first_execution_run_id
        house.slow["u00002"].set()
        async with asyncio.timeout(PATIENCE_S):
            while (await client.get_workflow_handle(handle.id).describe()).run_id == first:
                await asyncio.sleep(0.05)
        assert sorted(house.followed) == ["u00000", "u00001", "u00002"]
        house.control = house.control.model_copy(update={"state": ControlState.RUNNING, "at": datetime.now(UTC)})
        await client.get_workflow_handle(handle.id).signal(SendWave.control, house.control)
        result = await handle.result()
    assert (result.counts.sent, result.batches, result.batches_failed) == (4, 4, 0)
    assert sorted(house.followed) == ["u00000", "u00001", "u00002", "u00003"]


async def test_a_wave_that_would_go_on_in_a_new_run_first_hears_what_was_decided(
    client: Client, serving: Serve
) -> None:
    house = House(planned=everyone(2))
    house.control = ControlChange(state=ControlState.PAUSED, by="ann", reason="a test", at=datetime.now(UTC))
    async with serving(house.activities()):
        handle = await wave_of(client, house, CycleOptions(batch_users=1), may_continue=True)
        await until(lambda: house.looks >= 1)
        await until(lambda: house.in_flight == 0)
    house.control = house.control.model_copy(update={"state": ControlState.RUNNING, "at": datetime.now(UTC)})
    # Nobody is there: the pause makes the history long, and somebody ends it, in one workflow task.
    for _ in range(SUGGESTED_AFTER):
        await handle.signal(SendWave.control, house.control)
    async with serving(house.activities()), asyncio.timeout(PATIENCE_S):
        # The next question of a paused wave is an hour away.
        result = await client.get_workflow_handle(handle.id, result_type=WaveResult).result()
    assert result.counts.sent == 2


async def test_a_batch_whose_follow_ups_fail_counts_as_failed_so_that_its_plans_come_again(
    client: Client, serving: Serve
) -> None:
    house = House(planned=everyone(4), unfollowed={"u00001"})
    result = await send(client, house, CycleOptions(batch_users=1), serving)
    assert (result.counts.sent, result.batches_failed) == (4, 1)
    assert sorted(house.followed) == ["u00000", "u00002", "u00003"]
