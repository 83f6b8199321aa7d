"""What Temporal lacks: retention, Schedules, workers; for `doctor` and the console."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio.client import Client

from relance.contracts.names import TaskQueue
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.settings import Settings
from relance.temporal import schedules
from relance.temporal.namespace import retention
from relance.temporal.task_queues import POLLED_WITHIN, queue_state
from relance.wording.summaries import counted


async def temporal_findings(client: Client, settings: Settings, now: datetime) -> list[CheckFinding]:
    """Return how the namespace, every declared Schedule and every task queue stand.

    Raises:
        RPCError: the server cannot be asked.
    """
    kept, wanted = await retention(client), settings.temporal.retention
    enough = kept >= wanted
    findings = [
        CheckFinding("Temporal", FindingState.FINE, f"namespace {client.namespace}"),
        CheckFinding(
            "retention",
            FindingState.FINE if enough else FindingState.WRONG,
            f"{kept.days} days, wanted {wanted.days}",
            "" if enough else "run `starter.py bootstrap`",
        ),
    ]
    lines, queues = await asyncio.gather(
        schedules.lines(client, settings), asyncio.gather(*(_workers(client, queue, now) for queue in TaskQueue))
    )
    return [*findings, *(_schedule(line) for line in lines), *queues]


def _schedule(line: schedules.ScheduleLine) -> CheckFinding:
    what = f"Schedule {line.id}"
    if not line.present:
        return CheckFinding(what, FindingState.WRONG, "is not on the server", "run `starter.py schedules apply`")
    if line.paused:
        remedy = f"run `starter.py schedules resume {line.id}` when the reason is gone"
        return CheckFinding(what, FindingState.WARNING, f"is paused: {line.note}", remedy)
    if line.missed:
        remedy = f"run `starter.py schedules backfill {line.id}` for the missed days"
        return CheckFinding(
            what, FindingState.WARNING, f"missed {line.missed} times beyond its catch-up window", remedy
        )
    return CheckFinding(what, FindingState.FINE, "is active")


async def _workers(client: Client, queue: TaskQueue, now: datetime) -> CheckFinding:
    found = (await queue_state(client, queue, now - POLLED_WITHIN)).pollers
    if not found:
        return CheckFinding(
            f"queue {queue}", FindingState.WRONG, "no worker asks for its work", "start one: `worker.py --role all`"
        )
    return CheckFinding(
        f"queue {queue}", FindingState.FINE, f"{counted(found, 'worker process', 'worker processes')} within 90 s"
    )
