"""A worker stands still for longer than its heartbeats may be missing, wakes up, and goes on with what it held."""

from __future__ import annotations

import asyncio

from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.rehearsal import rehearsed
from workflows.common.options import BATCH

MISSING = BATCH["heartbeat_timeout"].total_seconds()
GRACE_S = 1.0
"""Until another worker has the batches; how often it looks is up to the server."""


async def disturb(run: Run) -> int:
    """Freeze the newest worker each time, wake it up when another one is sending its batches, and stop it then."""
    frozen = 0
    async for _ in run.moments():
        worker = run.installation.workers[-1]
        worker.freeze()
        frozen += 1
        before = await run.flow.look()
        await run.installation.start_worker()
        run.say(f"frozen after {before} mails; its batches are taken over in {MISSING:.0f} s")
        await asyncio.sleep(MISSING + GRACE_S)
        await run.flow.reach(before + 1, unless=lambda: False)
        worker.thaw()
        await worker.stop()
    return frozen


WORKER_FREEZE = rehearsed(
    "worker-freeze",
    "the only worker process stands still (SIGSTOP) until another one has taken over, and then goes on",
    disturb,
    Arrangement(kills=1, users=60, confirmed_after_s=0.15),
)
