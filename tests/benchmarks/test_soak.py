"""The worker of the soak says how much it holds, and is a worker like any other."""

from __future__ import annotations

from benchmarks.soak import COUNTED, size_of
from relance.devstack.stack import Stack
from tests.support.installation import installed


async def test_a_worker_says_how_many_tasks_it_has_and_goes_on(stack: Stack, database: str) -> None:
    async with installed(stack, database) as installation:
        worker = await installation.start_worker(program=COUNTED)
        sizes = [await size_of(worker, apart=0.1) for _ in range(2)]
        assert min(min(size) for size in sizes) > 0
        assert (await worker.stop())[0] == 0
