"""What a run on two versions leaves behind, counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client

from relance.devstack.mailbox.client import Mailbox
from tests.support.installation import Installation
from tests.support.worker_process import WorkerProcess
from tests.upgrade.releases import LATER_SETTINGS, Release

LOOK_EVERY_S, WITHIN_S = 0.2, 600.0
NON_DETERMINISM = "non_deterministic_error"


async def serving(place: Installation, release: Release, more: Mapping[str, str] | None = None) -> WorkerProcess:
    """Start a worker of a version and wait until it serves."""
    log = place.stack.folder / f"worker-{place.client.namespace}-{len(place.workers)}.log"
    known = {name: text for name, text in place.environment.items() if not name.startswith(LATER_SETTINGS)}
    worker = WorkerProcess.start(release.command, {**known, **(more or {})}, log)
    place.workers.append(worker)
    await worker.serving()
    return worker


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for a condition.

    Raises:
        RuntimeError: it did not come true; says what was waited for.
    """
    try:
        async with asyncio.timeout(WITHIN_S):
            while not await condition():
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        raise RuntimeError(f"{what}: not within {WITHIN_S:g} s") from None


async def mails(mailbox: Mailbox) -> tuple[dict[str, int], int]:
    """Return how many mails of each kind arrived, and how many had the Message-ID of an earlier one."""
    sent = [mail.message_id or "" for mail in await mailbox.log()]
    kinds = Counter(message_id.rpartition("@")[0].rpartition(".")[2] for message_id in sent)
    return {kind: kinds[kind] for kind in ("invitation", "first", "second")}, len(sent) - len(set(sent))


async def failed_tasks(client: Client) -> tuple[int, dict[str, int]]:
    """Return the number of histories, and the failed workflow tasks in them by cause."""
    histories, causes = 0, Counter[str]()
    async for found in client.list_workflows():
        histories += 1
        history = client.get_workflow_handle(found.id, run_id=found.run_id)
        async for event in history.fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                cause = WorkflowTaskFailedCause.Name(event.workflow_task_failed_event_attributes.cause)
                causes[cause.removeprefix("WORKFLOW_TASK_FAILED_CAUSE_").lower()] += 1
    return histories, dict(causes)
