"""A worker is killed with SIGKILL at random moments while mails are flowing, and started again each time."""

from __future__ import annotations

import asyncio

from tests.faults.cycle_run import Run
from tests.faults.rehearsal import rehearsed

LAST_KILL_AT = 0.9
"""Share of the mails after which no kill is planned: the last one shall still interrupt something."""
HESITATION_S = 0.3


async def disturb(run: Run) -> int:
    """Kill once in each of `kills` equal stretches of the mails; every kill waits until mails flow again."""
    kills = run.options.kills
    stretch = run.expected * LAST_KILL_AT / kills
    ended = asyncio.ensure_future(run.cycle.result())
    try:
        for number in range(kills):
            target = max(int(stretch * (number + run.chance.random())), run.flow.count + 1)
            if not await run.flow.reach(target, unless=ended.done):
                run.say(f"the cycle ended before kill {number + 1}")
                return number
            await asyncio.sleep(run.chance.random() * HESITATION_S)
            run.installation.workers[-1].kill()
            run.say(f"kill {number + 1} of {kills} after {await run.flow.look()} of {run.expected} mails")
            await run.installation.start_worker()
    finally:
        ended.cancel()
    return kills


WORKER_KILL = rehearsed(
    "worker-kill", "the only worker process gets SIGKILL while mails are flowing, and is started again", disturb
)
