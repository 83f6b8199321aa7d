"""Starts workflows eagerly in a process that also serves them: our follow-ups, or empty ones with as many timers.

`python -m benchmarks.starting ours|bare WORKFLOWS TIMERS`; says in one JSON object how fast that was. A workflow counts
when it has started; its timers are set by the task that comes with it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from relance.concurrency import at_once
from relance.contracts.follow_up import Followed, FollowUpInput
from relance.contracts.names import TaskQueue
from relance.runtime import process_exit
from relance.settings import Settings
from relance.temporal.connection import connect, target
from relance.temporal.follow_ups import TemporalFollowUps
from relance.temporal.plugin import Sandbox, relance_plugin
from workflows.follow_up import FollowUp

AT_ONCE = 32
WARM_UP = 20
PERIOD = "2026-11"
AHEAD = timedelta(days=3)


@workflow.defn(sandboxed=False)
class BareTimers:
    """Nothing but timers."""

    @workflow.run
    async def run(self, timers: int) -> None:
        await asyncio.gather(*(workflow.sleep(AHEAD) for _ in range(timers)))


async def starts(kind: str, count: int, timers: int) -> dict[str, float]:
    """Start them all and return the rate and the processor time of this process for each."""
    worker_settings = Settings().worker
    served: type[FollowUp | BareTimers]
    queue: str
    if kind == "ours":
        client = await connect(plugins=[relance_plugin(Sandbox.OFF)])
        one, queue, served = _ours(client, timers), TaskQueue.MAIL, FollowUp
    else:
        client = await Client.connect(target()["target_host"], namespace=target()["namespace"])
        one, queue, served = _bare(client, timers), "bare", BareTimers
    async with Worker(
        client,
        task_queue=queue,
        workflows=[served],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_workflow_tasks=worker_settings.workflow_tasks,
        max_cached_workflows=worker_settings.cached_workflows,
        max_workflow_task_external_storage_concurrency=1,
    ):
        run = secrets.token_hex(3)
        await _all(one, WARM_UP, f"warm-{run}-")
        begun, cpu = time.perf_counter(), time.process_time()
        await _all(one, count, f"{run}-")
        took = time.perf_counter() - begun
        return {"per_s": count / took, "cpu_ms": 1000 * (time.process_time() - cpu) / count}


async def _all(one: Callable[[str], Coroutine[Any, Any, None]], count: int, prefix: str) -> None:
    await at_once((f"{prefix}{number:06d}" for number in range(count)), one, AT_ONCE)


def _bare(client: Client, timers: int) -> Callable[[str], Coroutine[Any, Any, None]]:
    async def start(name: str) -> None:
        await client.start_workflow(
            BareTimers.run, timers, id=f"bare/{name}", task_queue="bare", request_eager_start=True
        )

    return start


def _ours(client: Client, timers: int) -> Callable[[str], Coroutine[Any, Any, None]]:
    follow_ups = TemporalFollowUps(client, None)  # type: ignore[arg-type]
    now = datetime.now(UTC)

    async def start(name: str) -> None:
        contacts = tuple(f"c{name}-{number:02d}" for number in range(timers))
        group = Followed(contacts=contacts, first=now + AHEAD, second=now + 2 * AHEAD, expiry=now + 10 * AHEAD)
        await follow_ups.start(
            FollowUpInput(period=PERIOD, user_id=name, groups=(group,), expiry_days=30, may_continue=True)
        )

    return start


if __name__ == "__main__":
    print(json.dumps(asyncio.run(starts(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))), flush=True)
    process_exit.terminate(process_exit.DONE)
