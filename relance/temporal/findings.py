"""What Temporal lacks: retention, Schedules, workers; for `doctor` and the console."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio.client import Client

from relance.contracts.names import TaskQueue
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.sentences import Sentence, plural
from relance.settings import Settings
from relance.temporal import schedules
from relance.temporal.namespace import retention
from relance.temporal.task_queues import POLLED_WITHIN, queue_state


async def temporal_findings(client: Client, settings: Settings, now: datetime) -> list[CheckFinding]:
    """Return how the namespace, every declared Schedule and every task queue stand.

    Raises:
        RPCError: the server cannot be asked.
    """
    kept, wanted = await retention(client), settings.temporal.retention
    enough = kept >= wanted
    findings = [
        CheckFinding("Temporal", FindingState.FINE, Sentence("namespace {name}", name=client.namespace)),
        CheckFinding(
            "retention",
            FindingState.FINE if enough else FindingState.WRONG,
            Sentence("{kept} days, wanted {wanted}", kept=kept.days, wanted=wanted.days),
            "" if enough else Sentence("run `starter.py bootstrap`"),
        ),
    ]
    lines, queues = await asyncio.gather(
        schedules.lines(client, settings), asyncio.gather(*(_workers(client, queue, now) for queue in TaskQueue))
    )
    return [*findings, *(_schedule(line) for line in lines), *queues]


def _schedule(line: schedules.ScheduleLine) -> CheckFinding:
    what = Sentence("Schedule {name}", name=line.id)
    if not line.present:
        return CheckFinding(
            what, FindingState.WRONG, Sentence("is not on the server"), Sentence("run `starter.py schedules apply`")
        )
    if line.paused:
        remedy = Sentence("run `starter.py schedules resume {name}` when the reason is gone", name=line.id)
        return CheckFinding(what, FindingState.WARNING, Sentence("is paused: {note}", note=line.note), remedy)
    if line.missed:
        remedy = Sentence("run `starter.py schedules backfill {name}` for the missed days", name=line.id)
        return CheckFinding(
            what,
            FindingState.WARNING,
            Sentence("missed {count} times beyond its catch-up window", count=line.missed),
            remedy,
        )
    return CheckFinding(what, FindingState.FINE, Sentence("is active"))


async def _workers(client: Client, queue: TaskQueue, now: datetime) -> CheckFinding:
    found = (await queue_state(client, queue, now - POLLED_WITHIN)).pollers
    what = Sentence("queue {name}", name=queue)
    if not found:
        return CheckFinding(
            what,
            FindingState.WRONG,
            Sentence("no worker asks for its work"),
            Sentence("start one: `worker.py --role all`"),
        )
    return CheckFinding(
        what,
        FindingState.FINE,
        plural("{count} worker process within 90 s", "{count} worker processes within 90 s", found),
    )
