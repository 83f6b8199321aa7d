"""Workers that are asked to stop while mails are flowing: everything in flight is finished and recorded (SPEC X5)."""

from __future__ import annotations

from relance.contracts.cycle import CycleOptions
from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.mail_rate import MailRate
from tests.faults.rehearsal import rehearsed
from tests.support.worker_process import WorkerProcess

EXIT_S = 30.0
SMALL_BATCHES = CycleOptions(batch_users=10)
"""So that there are always some that have not begun."""
MANY_BATCHES = CycleOptions(batch_users=4, batches_in_flight=8)
"""So that two workers share the work."""


async def restart_the_only(run: Run) -> int:
    """Stop the only worker and start another one, at random moments."""
    stops = 0
    async for _ in run.moments():
        await _stopped(run, run.installation.workers[-1])
        stops += 1
        await run.installation.start_worker()
    return stops


async def restart_in_turn(run: Run) -> int:
    """Stop each of the workers in turn and start another one for it, while the others go on."""
    async with MailRate(run.mailbox) as rate:
        serving = list(run.installation.workers)
        stops = 0
        async for number in run.moments():
            rate.disturbed()
            await _stopped(run, serving.pop(0))
            serving.append(await run.installation.start_worker())
            rate.calm()
            stops = number + 1
    run.notes.figures["throughput"] = rate.figures()
    return stops


async def _stopped(run: Run, worker: WorkerProcess) -> None:
    code, took = await worker.stop()
    figures = run.notes.figures
    figures["slowest_stop_s"] = max(figures.get("slowest_stop_s", 0.0), round(took, 2))
    if code != 0:
        run.notes.findings.append(f"a worker that was asked to stop ended with {code}")
    if took > EXIT_S:
        run.notes.findings.append(f"a worker took {took:.0f} s to stop")


WORKER_TERM = rehearsed(
    "worker-term",
    "the only worker process gets SIGTERM while mails are flowing, and another one is started",
    restart_the_only,
    Arrangement(kills=3, users=60, gentle=True),
)
ROLLING_RESTART = rehearsed(
    "rolling-restart",
    "two worker processes are restarted in turn while mails are flowing",
    restart_in_turn,
    Arrangement(kills=2, users=80, connections=4, gentle=True, workers=2, confirmed_after_s=0.1, options=MANY_BATCHES),
)
