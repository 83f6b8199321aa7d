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
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.follow_up_starts import BESIDE_A_CYCLE, by_user, start_follow_ups
from benchmarks.ledger_seed import sent_long_ago
from benchmarks.meter import CpuSamples, cpu_by_process, per_mail, ratio_by_cpu
from benchmarks.people import Documents, plain_people
from benchmarks.prepared import CONNECTIONS, prepared
from benchmarks.raw_loop import BareLoop, render
from benchmarks.table import parser_of, run_and_print, say
from relance.concurrency import in_background
from relance.domain.invitations.invitation import DueAt
from relance.settings.mail import MailGroup
from tests.support.installation import Installation

PERIOD = "2026-11"
CONTACTS = 20
STARTS_PER_S = 20.0
"""A tenth of what the embedded server does; a slower machine is told so instead of measured wrongly."""
HEADROOM_S = 8.0
STALLED_S = 120.0
LOOK_EVERY_S = 5.0
"""Each look reads the whole ledger, which takes a tenth of a second of the database's time for 50,000 invitations."""


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

    @property
    def figures(self) -> dict[str, float]:
        """What is said of the lateness."""
        late = self.lateness
        return {
            "lateness_median_s": round(statistics.median(late), 2),
            "lateness_p99_s": round(late[int(len(late) * 0.99)], 2),
            "lateness_max_s": round(late[-1], 2),
            "early": sum(seconds < 0 for seconds in late),
        }


async def measure(invitations: int, connections: int, processes: int) -> dict[str, Any]:
    """Run a wave of its own and return the figures."""
    begun = time.monotonic()
    users, contacts = plain_people(-(-invitations // CONTACTS), CONTACTS)
    contacts = contacts[:invitations]
    async with prepared(users, contacts, {CONNECTIONS: str(connections)}) as place:
        await sent_long_ago(place.installation, PERIOD, users, contacts)
        worker = await place.installation.start_worker(processes=processes)
        bare = BareLoop(place.sink.address, render(PERIOD, users, contacts), invitations, connections)
        await bare.send_half()
        samples = CpuSamples(lambda: cpu_by_process(worker, place.guard_pid))
        async with in_background(samples.keep_taking()):
            wave = await send_reminders(place.installation, PERIOD, contacts)
        await bare.send_half()
        peak = worker.measure()
        await worker.stop()
    return {
        **_figures(wave, bare, samples),
        "peak_rss_mb": round(peak, 1),
        "invitations": invitations,
        "connections": connections,
        "processes": processes,
        "sink": place.sink.kind,
        "duration_s": round(time.monotonic() - begun, 1),
    }


def _figures(wave: Wave, bare: BareLoop, samples: CpuSamples) -> dict[str, Any]:
    raw, late = bare.rate, wave.lateness
    cpu_ms = per_mail(samples.between(wave.due, wave.accepted[-1]), len(late))
    return {
        "reminders_per_s": round(wave.per_s, 1),
        "ratio": round(wave.per_s / raw.per_s, 3),
        "ratio_by_cpu": ratio_by_cpu(raw.cpu_ms, cpu_ms),
        "cpu_ms_per_mail": cpu_ms,
        **wave.figures,
        **bare.figures,
    }


async def send_reminders(installation: Installation, period: str, contacts: Documents) -> Wave:
    """Return what became of the reminders.

    Raises:
        RuntimeError: the follow-ups were not ready in time, or no reminder is accepted any more.
    """
    of_users = by_user(contacts)
    ahead = HEADROOM_S + len(of_users) / STARTS_PER_S
    due = datetime.now(UTC) + timedelta(seconds=ahead)
    say(f"starting {len(of_users)} follow-ups whose first reminders come due in {ahead:.0f} s")
    # Mails of one invitation keep their distance: three days lie between it and its first reminder.
    sent = {"$set": {"sentAt": due - timedelta(days=3)}}
    await installation.database.raw.invitations.update_many({"period": period}, sent)
    instants = DueAt(first=due, second=due + timedelta(days=4), expiry=due + timedelta(days=27))
    await start_follow_ups(installation, period, of_users, instants, part=BESIDE_A_CYCLE)
    if datetime.now(UTC) > due - timedelta(seconds=HEADROOM_S / 2):
        raise RuntimeError(f"starting took longer than {ahead:.0f} s, so the reminders did not come due together")
    await _all_sent(installation, period, len(contacts), due)
    return Wave(due, await _accepted(installation, period))


async def _all_sent(installation: Installation, period: str, wanted: int, due: datetime) -> None:
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
