"""A whole cycle on real servers, next to a bare SMTP loop over the same connections to the same sink.

invitations_per_s      mails of the cycle / wall time from starting it to its last mail: with planning, queueing, claims
raw_per_s              the same bytes over as many connections by aiosmtplib alone, from one process, half of it before
                       and half after the cycle, while servers and worker are up but idle
ratio                  invitations_per_s / raw_per_s
follow_ups_per_s       follow-ups started / wall time from the last mail to the cycle's report
cycle_s, sending_s     wall time to the report, and to the last mail
wave_reminders_per_s   see benchmarks.wave
peak_rss_mb            largest resident set of any worker process, at any time
ratio_by_cpu           what both could reach with the machine to themselves, by their processor time per mail
sending_cpu_ms_per_mail, follow_up_cpu_ms_per_mail  processor time by process until the last mail, and from there on
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client

from benchmarks.meter import CpuSamples, cpu_by_process, per_mail, ratio_by_cpu
from benchmarks.people import Documents, plain_people
from benchmarks.prepared import CONNECTIONS, Prepared, prepared
from benchmarks.raw_loop import BareLoop, render
from benchmarks.table import parser_of, run_and_print, say
from benchmarks.wave import send_reminders
from relance import ids
from relance.concurrency import in_background
from relance.contracts.cycle import CycleProgress, CycleStatistics, WaveResult
from relance.contracts.names import Query
from relance.settings.mail import MailGroup
from tests.support.installation import CycleHandle, Installation
from tests.support.worker_process import WorkerProcess

PERIOD = "2026-11"
LIMIT_S = 3 * 3600.0
SHOW_EVERY_S = 5.0


async def measure(users: int, contacts: int, connections: int, processes: int) -> dict[str, Any]:
    """Run everything and return the figures."""
    begun = time.monotonic()
    people = plain_people(users, contacts)
    async with prepared(*people, {CONNECTIONS: str(connections)}) as place:
        worker = await place.installation.start_worker(processes=processes)
        figures = await _compare(place, worker, people, connections)
        wave = await send_reminders(place.installation, PERIOD, people[1])
        figures["wave_reminders_per_s"] = round(wave.per_s, 1)
        figures["peak_rss_mb"] = round(worker.measure(), 1)
        await worker.stop()
    return {
        **figures,
        "users": users,
        "contacts": contacts,
        "connections": connections,
        "processes": processes,
        "sink": place.sink.kind,
        "duration_s": round(time.monotonic() - begun, 1),
    }


async def _compare(
    place: Prepared, worker: WorkerProcess, people: tuple[Documents, Documents], connections: int
) -> dict[str, Any]:
    letters = render(PERIOD, *people)
    bare = BareLoop(place.sink.address, letters, len(people[1]), connections)
    await bare.send_half()
    begun = datetime.now(UTC)
    samples = CpuSamples(lambda: cpu_by_process(worker, place.guard_pid))
    async with in_background(samples.keep_taking()):
        result, wall_s = await _run_cycle(place.installation, len(people[1]))
    ended, last_mail = datetime.now(UTC), await _last_mail(place.installation)
    sending_ms = per_mail(samples.between(begun, last_mail), result.sent)
    await bare.send_half()
    # After the last mail of its one wave a cycle starts the follow-ups and draws the balance.
    sending_s = (last_mail - begun).total_seconds()
    return {
        "invitations_per_s": round(result.sent / sending_s, 1),
        "ratio": round(result.sent / sending_s / bare.rate.per_s, 3),
        "ratio_by_cpu": ratio_by_cpu(bare.rate.cpu_ms, sending_ms),
        "follow_ups_per_s": round(len(people[0]) / (wall_s - sending_s), 1),
        "mail_bytes": sum(len(message) for _, message in letters) // len(letters),
        "cycle_s": round(wall_s, 2),
        "sending_s": round(sending_s, 2),
        "sent": result.sent,
        "balance": result.balance,
        "sending_cpu_ms_per_mail": sending_ms,
        "follow_up_cpu_ms_per_mail": per_mail(samples.between(last_mail, ended), result.sent),
        **bare.figures,
    }


async def _last_mail(installation: Installation) -> datetime:
    newest = await installation.database.effects.last_mail([PERIOD], datetime.max.replace(tzinfo=UTC))
    assert newest is not None
    return newest


async def _run_cycle(installation: Installation, mails: int) -> tuple[CycleStatistics, float]:
    begun = time.perf_counter()
    cycle = await installation.start_cycle(PERIOD)
    watching = asyncio.create_task(_show(installation.client, cycle, mails))
    try:
        async with asyncio.timeout(LIMIT_S):
            result = await cycle.result()
    finally:
        watching.cancel()
    wall_s = time.perf_counter() - begun
    say(f"cycle: {result.sent} mails in {wall_s:.1f} s")
    if result.sent != mails or result.balance:
        raise RuntimeError(f"{result.sent} of {mails} mails were sent, balance {result.balance}")
    return result, wall_s


async def _show(client: Client, cycle: CycleHandle, mails: int) -> None:
    while True:
        await asyncio.sleep(SHOW_EVERY_S)
        progress = await cycle.query(Query.PROGRESS, result_type=CycleProgress)
        sent = progress.counts.sent
        for instant in progress.current_waves:
            wave = client.get_workflow_handle(ids.wave_workflow_id(PERIOD, instant))
            sent += (await wave.query(Query.PROGRESS, result_type=WaveResult)).counts.sent
        say(f"{progress.stage}: {sent} of {mails} mails")


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("cycle", __doc__)
    parser.add_argument("--users", type=int, default=500, help="users (default %(default)s)")
    parser.add_argument("--contacts", type=int, default=20, help="contacts of each (default %(default)s)")
    parser.add_argument(
        "--connections", type=int, default=MailGroup().connections, help="per worker process (default %(default)s)"
    )
    parser.add_argument("--processes", type=int, default=1, help="worker processes (default %(default)s)")
    given = parser.parse_args()
    if min(given.users, given.contacts, given.connections, given.processes) < 1:
        parser.error("every number must be at least 1")
    run_and_print(lambda: measure(given.users, given.contacts, given.connections, given.processes), as_json=given.json)


if __name__ == "__main__":
    main()
