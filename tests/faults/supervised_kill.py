"""Worker processes under a supervisor: one that dies is replaced, one that cannot start stops all (SPEC C15)."""

from __future__ import annotations

import asyncio
import socket

import psutil

from relance.devstack import processes
from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.rehearsal import rehearsed
from tests.faults.worker_term import SMALL_BATCHES
from tests.support.installation import Installation
from tests.support.worker_process import WorkerProcess

PROCESSES = 2
FAILS_WITHIN_S = 60.0


async def disturb(run: Run) -> int:
    """Kill one child after the other; the supervisor has to notice."""
    supervisor = run.installation.workers[-1]
    kills = 0
    async for _ in run.moments():
        supervisor.measure()
        run.chance.choice(_children(supervisor)).kill()
        kills += 1
        await supervisor.serving(PROCESSES + kills)
    if len(_children(supervisor)) != PROCESSES:
        run.notes.findings.append(f"there are {len(_children(supervisor))} processes, not {PROCESSES}")
    run.say("starting processes of which one cannot start")
    run.notes.figures["failed_start_code"] = code = await _failed_start(run.installation)
    if code in {0, None}:
        run.notes.findings.append(f"a process that could not start made the supervisor end with {code}")
    return kills


def _children(supervisor: WorkerProcess) -> list[psutil.Process]:
    return supervisor.process.children()


async def _failed_start(installation: Installation) -> int | None:
    """Start two processes, the second of which finds its metrics port taken; return the supervisor's exit code."""
    with socket.socket() as taken:
        taken.bind((processes.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        worker = installation.launch_worker(
            processes=PROCESSES, environment={"RELANCE_MONITORING__METRICS_PORT": str(port - 1)}
        )
        try:
            async with asyncio.timeout(FAILS_WITHIN_S):
                while worker.server.running:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            return None
        return worker.server.exit_code


SUPERVISED_KILL = rehearsed(
    "supervised-kill",
    "worker.py --processes 2: children get SIGKILL and are replaced; a child that cannot start stops all",
    disturb,
    Arrangement(kills=2, users=60, processes=PROCESSES, options=SMALL_BATCHES),
)
