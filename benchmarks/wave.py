"""First reminders of every user that come due at one instant, timed from that instant to the last one accepted.

reminders_per_s    reminders / wall time from the instant to the last one accepted
raw_per_s          the same bytes over as many connections by aiosmtplib alone, from one process, half of it before and
                   half after the wave, while servers and worker are up but idle
ratio              reminders_per_s / raw_per_s
ratio_by_cpu       what both could reach with the machine to themselves, by their processor time per mail
cpu_ms_per_mail    processor time by process, from the instant to the last one accepted
lateness_*_s       how long after the instant reminders were accepted; early: how many before it
peak_rss_mb        largest resident set of any worker process, at any time

The ledger is filled as a cycle leaves it, three days before the instant. Follow-ups that a cycle has started come due
in three days, and skipping that time would cost calls to the server for each of them right in the middle of what is
measured; so each user gets a follow-up over its invitations with the first reminder a few seconds ahead. From its timer
on everything is as it will be at J+3.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.idle import wait_until_idle
from benchmarks.ledger_seed import sent_long_ago
from benchmarks.meter import CpuSamples, cpu_by_process, per_mail, ratio_by_cpu
from benchmarks.people import Documents, plain_people
from benchmarks.raw_loop import RawRate, render, send_raw
from benchmarks.sinks import Sink, open_sink
from benchmarks.table import parser_of, run_and_print
from relance.concurrency import in_background
from relance.contracts.follow_up import Followed, FollowUpInput
from relance.devstack.stack import Given, Stack
from relance.settings.mail import MailGroup
from relance.temporal.follow_ups import TemporalFollowUps
from tests.support.installation import Installation, installed
from tests.support.worker_process import WorkerProcess

PERIOD = "2026-11"
CONTACTS = 20
PART = 1
"""Of the follow-ups of the wave: the part that users with more than a hundred contacts have."""
STARTS_AT_ONCE = 32
STARTS_PER_S = 20.0
"""A tenth of what the embedded server does; a slower machine is told so instead of measured wrongly."""
HEADROOM_S = 8.0
STALLED_S = 120.0
LOOK_EVERY_S = 1.0
MOST_RAW = 20_000


@dataclass(frozen=True, slots=True)
class Wave:
    """When the reminders of a wave came due, and when each was accepted, in order."""

    due: datetime
    accepted: list[datetime]

    @property
    def per_s(self) -> float:
        """Reminders per second from the instant on."""
        return len(self.accepted) / (self.accepted[-1] - self.due).total_seconds()

    @property
    def lateness(self) -> list[float]:
        """Seconds after the instant, in order."""
        return [(at - self.due).total_seconds() for at in self.accepted]


async def measure(invitations: int, connections: int, processes: int) -> dict[str, Any]:
    """Run a wave of its own and return the figures."""
    begun = time.monotonic()
    people = plain_people(-(-invitations // CONTACTS), CONTACTS)
    people = people[0], people[1][:invitations]
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        say(f"starting the servers for {invitations} reminders")
        async with (
            open_sink(Path(folder)) as sink,
            Stack(given=Given(mailbox_smtp=sink.address, mailbox_http="")) as stack,
            installed(stack, "benchmark", {"RELANCE_MAIL__CONNECTIONS": str(connections)}) as installation,
        ):
            await installation.load(*people)
            await sent_long_ago(installation, PERIOD, *people)
            worker = await installation.start_worker(processes=processes)
            figures = await _compare(installation, sink, worker, people, connections)
            figures["peak_rss_mb"] = round(worker.measure(), 1)
            await worker.stop()
    return {
        **figures,
        "invitations": invitations,
        "connections": connections,
        "processes": processes,
        "sink": sink.kind,
        "duration_s": round(time.monotonic() - begun, 1),
    }


async def _compare(
    installation: Installation, sink: Sink, worker: WorkerProcess, people: tuple[Documents, Documents], connections: int
) -> dict[str, Any]:
    letters = render(PERIOD, *people)
    half = min(len(people[1]), MOST_RAW) // 2 or 1
    idle_before = await wait_until_idle()
    before = await send_raw(sink.address, letters, half, connections)
    say(f"bare loop before the wave: {before.per_s:.0f} mails/s, machine idle for {idle_before:.0%}")
    guard = sink.server.guard_pid if sink.kind == "own" else None
    samples = CpuSamples(lambda: cpu_by_process(worker, guard))
    async with in_background(samples.keep_taking()):
        wave = await send_reminders(installation, PERIOD, people[1], say)
    idle_after = await wait_until_idle()
    after = await send_raw(sink.address, letters, half, connections)
    say(f"bare loop after the wave: {after.per_s:.0f} mails/s, machine idle for {idle_after:.0%}")
    raw, late = RawRate.of(before, after), wave.lateness
    cpu_ms = per_mail(samples.between(wave.due, wave.accepted[-1]), len(late))
    return {
        "reminders_per_s": round(wave.per_s, 1),
        "raw_per_s": round(raw.per_s, 1),
        "ratio": round(wave.per_s / raw.per_s, 3),
        "ratio_by_cpu": ratio_by_cpu(raw.cpu_ms, cpu_ms),
        "cpu_ms_per_mail": cpu_ms,
        "raw_cpu_ms_per_mail": round(raw.cpu_ms, 3),
        "lateness_median_s": round(statistics.median(late), 2),
        "lateness_p99_s": round(late[int(len(late) * 0.99)], 2),
        "lateness_max_s": round(late[-1], 2),
        "early": sum(seconds < 0 for seconds in late),
        "raw_before_per_s": round(before.per_s, 1),
        "raw_after_per_s": round(after.per_s, 1),
        "idle_before": round(idle_before, 2),
        "idle_after": round(idle_after, 2),
    }


async def send_reminders(
    installation: Installation, period: str, contacts: Documents, say: Callable[[str], None]
) -> Wave:
    """Return what became of the reminders.

    Raises:
        RuntimeError: the follow-ups were not ready in time, or no reminder is accepted any more.
    """
    by_user: dict[str, list[str]] = {}
    for contact in contacts:
        by_user.setdefault(contact["userId"], []).append(contact["_id"])
    ahead = HEADROOM_S + len(by_user) / STARTS_PER_S
    due = datetime.now(UTC) + timedelta(seconds=ahead)
    say(f"starting {len(by_user)} follow-ups whose first reminders come due in {ahead:.0f} s")
    # Mails of one invitation keep their distance: three days lie between it and its first reminder.
    sent = {"$set": {"sentAt": due - timedelta(days=3)}}
    await installation.database.raw.invitations.update_many({"period": period}, sent)
    await _start(installation, [_input(period, user, mine, due) for user, mine in by_user.items()])
    if datetime.now(UTC) > due - timedelta(seconds=HEADROOM_S / 2):
        raise RuntimeError(f"starting took longer than {ahead:.0f} s, so the reminders did not come due together")
    await _all_sent(installation, period, len(contacts), due, say)
    return Wave(due, await _accepted(installation, period))


def _input(period: str, user_id: str, contacts: Sequence[str], due: datetime) -> FollowUpInput:
    group = Followed(
        contacts=tuple(contacts), first=due, second=due + timedelta(days=4), expiry=due + timedelta(days=27)
    )
    return FollowUpInput(period=period, user_id=user_id, part=PART, groups=(group,), expiry_days=30, may_continue=True)


async def _start(installation: Installation, inputs: Sequence[FollowUpInput]) -> None:
    follow_ups = TemporalFollowUps(installation.client, installation.database.ledger)
    slots = asyncio.Semaphore(STARTS_AT_ONCE)

    async def one(follow_up: FollowUpInput) -> None:
        async with slots:
            await follow_ups.start(follow_up)

    await asyncio.gather(*(one(follow_up) for follow_up in inputs))


async def _all_sent(
    installation: Installation, period: str, wanted: int, due: datetime, say: Callable[[str], None]
) -> None:
    await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
    sent, changed = 0, time.monotonic()
    while sent < wanted:
        if time.monotonic() - changed > STALLED_S:
            raise RuntimeError(f"after {sent} of {wanted} reminders nothing happens any more")
        await asyncio.sleep(LOOK_EVERY_S)
        outcomes = await installation.database.ledger.reminder_outcomes(period)
        now = sum(row["count"] for row in outcomes if row["reason"] is None)
        if now != sent:
            sent, changed = now, time.monotonic()
            say(f"{sent} of {wanted} reminders")


async def _accepted(installation: Installation, period: str) -> list[datetime]:
    """Return when each reminder was accepted: its own record, so that our looking costs no precision."""
    found = await installation.database.raw.invitations.find({"period": period}, {"reminders.sentAt": 1}).to_list(None)
    return sorted(reminder["sentAt"] for raw in found for reminder in raw.get("reminders", []))


def say(text: str) -> None:
    """Tell a person how far it is."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure what the command line asks for and print the figures as the last thing."""
    parser = parser_of("wave", __doc__)
    parser.add_argument("--invitations", type=int, default=10_000, help="reminders (default %(default)s)")
    parser.add_argument(
        "--connections", type=int, default=MailGroup().connections, help="per worker process (default %(default)s)"
    )
    parser.add_argument("--processes", type=int, default=1, help="worker processes (default %(default)s)")
    arguments = parser.parse_args()
    if min(arguments.invitations, arguments.connections, arguments.processes) < 1:
        parser.error("every number must be at least 1")

    run_and_print(
        lambda: measure(arguments.invitations, arguments.connections, arguments.processes), as_json=arguments.json
    )


if __name__ == "__main__":
    main()
