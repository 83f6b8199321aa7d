"""Relance at the same work: a cycle, with the follow-up of each user, then the wave of first reminders."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.meter import CpuSamples, cpu_by_process, difference, per_mail
from benchmarks.peers.measuring import counted
from benchmarks.people import plain_people
from benchmarks.sinks import Sink
from benchmarks.table import say
from benchmarks.wave import send_reminders
from relance.concurrency import in_background
from relance.contracts.names import Workflow
from relance.devstack.stack import Given, Stack
from tests.support.installation import Installation, installed
from tests.support.worker_process import WorkerProcess

PERIOD = "2026-11"
CONTACTS = 20
SETTINGS = "defaults; w=majority j=true; a follow-up per user with timers per invitation"
KILLED_LOOK_S = 0.2


async def measure(
    mails: int, processes: int, connections: int, sink: Sink, dump: Path, *, kill: bool
) -> dict[str, Any]:
    """Return the figures of Relance."""
    users, contacts = plain_people(-(-mails // CONTACTS), CONTACTS)
    contacts = contacts[:mails]
    async with (
        Stack(given=Given(mailbox_smtp=sink.address, mailbox_http="")) as stack,
        installed(stack, "peers", {"RELANCE_MAIL__CONNECTIONS": str(connections)}) as installation,
    ):
        await installation.load(users, contacts)
        worker = await installation.start_worker(processes=processes)
        cpu, begun = cpu_by_process(worker, None), datetime.now(UTC)
        await (await installation.start_cycle(PERIOD)).result()
        sending_cpu = difference(cpu, cpu_by_process(worker, None))
        sending_s = (await _registered(installation) - begun).total_seconds()
        say(f"{mails / sending_s:.0f} mails/s with reminders registered")
        if kill:
            await _killed(installation, worker, processes, contacts)
            figures: dict[str, Any] = {"reminders_per_s": None, "cpu_ms_per_reminder": None}
        else:
            samples = CpuSamples(lambda: cpu_by_process(worker, None))
            async with in_background(samples.keep_taking()):
                wave = await send_reminders(installation, PERIOD, contacts)
            used = samples.between(wave.due, wave.accepted[-1])
            figures = {
                "reminders_per_s": round(wave.per_s, 1),
                "cpu_ms_per_reminder": per_mail(_servers_apart(used), mails),
                **wave.figures,
            }
    return {
        "mails_per_s": round(mails / sending_s, 1),
        "cpu_ms_per_mail": per_mail(_servers_apart(sending_cpu), mails),
        **figures,
        **counted(dump, [contact["email"] for contact in contacts]),
    }


async def _registered(installation: Installation) -> datetime:
    """Return when the last invitation was sent and the last follow-up started, whichever is later."""
    newest = await installation.database.effects.last_mail([PERIOD], datetime.max.replace(tzinfo=UTC))
    assert newest is not None
    started = [
        one.start_time async for one in installation.client.list_workflows(f"WorkflowType='{Workflow.FOLLOW_UP}'")
    ]
    return max(newest, *started)


async def _killed(
    installation: Installation, worker: WorkerProcess, processes: int, contacts: list[dict[str, Any]]
) -> None:
    async def kill() -> None:
        while await _reminded(installation) < len(contacts) // 2:  # noqa: ASYNC110
            await asyncio.sleep(KILLED_LOOK_S)
        for process in [*worker.process.children(recursive=True), worker.process]:
            process.send_signal(signal.SIGKILL)
        say("killed in the middle of the wave; starting again")
        await installation.start_worker(processes=processes)

    killing = asyncio.create_task(kill())
    # Mails whose fate is unknown stay so until the relay's log or a person says: the wave never counts as complete.
    with suppress(RuntimeError):
        await send_reminders(installation, PERIOD, contacts)
    await killing


async def _reminded(installation: Installation) -> int:
    return sum(
        row["count"] for row in await installation.database.ledger.reminder_outcomes(PERIOD) if row["reason"] is None
    )


def _servers_apart(cpu: dict[str, float]) -> dict[str, float]:
    return {"program": cpu["worker"], "server": cpu.get("mongod", 0.0) + cpu.get("temporal", 0.0)}
