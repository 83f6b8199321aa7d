"""A worker is killed with SIGKILL at random moments while mails are flowing, and started again each time."""

from __future__ import annotations

from tests.faults.cycle_run import Run
from tests.faults.rehearsal import rehearsed


async def disturb(run: Run) -> int:
    """Kill once in each of `kills` equal stretches of the mails; every kill waits until mails flow again."""
    kills = 0
    async for _ in run.moments():
        run.installation.workers[-1].kill()
        kills += 1
        await run.installation.start_worker()
    return kills


WORKER_KILL = rehearsed(
    "worker-kill", "the only worker process gets SIGKILL while mails are flowing, and is started again", disturb
)
