"""The Temporal server is killed while mails are flowing, and started again on its database file and port."""

from __future__ import annotations

import asyncio
import time

from temporalio.service import RPCError

from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.rehearsal import rehearsed
from tests.faults.worker_term import SMALL_BATCHES

LONGEST_ABSENCE_S = 3.0
LOOK_EVERY_S = 0.1


async def disturb(run: Run) -> int:
    """Kill the server once in each of `kills` stretches; it is away for up to three seconds."""
    kills, resumed = 0, []
    async for _ in run.moments():
        before = await _events(run)
        await run.servers.temporal.kill()
        kills += 1
        await asyncio.sleep(run.chance.random() * LONGEST_ABSENCE_S)
        await run.servers.temporal.start()
        begun = time.monotonic()
        while await _events(run) == before:
            await asyncio.sleep(LOOK_EVERY_S)
        resumed.append(round(time.monotonic() - begun, 2))
    run.notes.figures["resumed_s"] = resumed
    return kills


async def _events(run: Run) -> int:
    """Count what has happened in the cycle and in the waves it waits for; more of it means that workers do work."""
    while True:
        try:
            cycle = await run.cycle.describe()
            waves = [one.workflow_id for one in cycle.raw_description.pending_children]
            histories = [await run.installation.client.get_workflow_handle(wave).describe() for wave in waves]
        except RPCError:
            await asyncio.sleep(LOOK_EVERY_S)
        else:
            # A wave that has ended is an event in its cycle; weigh that more than all it had.
            return 1_000_000 * cycle.history_length + sum(one.history_length for one in histories)


TEMPORAL_KILL = rehearsed(
    "temporal-kill",
    "the Temporal server gets SIGKILL while mails are flowing, and is started again on its database file and port",
    disturb,
    Arrangement(kills=3, users=60, options=SMALL_BATCHES, confirmed_after_s=0.15),
)
