from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from temporalio.client import Client

from relance.contracts.cycle import CycleOptions, WaveInput, WaveResult
from relance.contracts.names import TaskQueue
from tests.workflows.conftest import Serve
from tests.workflows.house import House
from workflows.send_wave import SendWave


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
