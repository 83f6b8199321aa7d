"""Workers whose clocks are wrong by ten minutes, and jump: the workflow's time counts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relance.cli.demo.virtual_time import FastMotion
from relance.contracts.cycle import CycleOptions
from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.faketime import clock_variables, set_clock
from tests.faults.rehearsal import rehearsed
from tests.support.installation import CycleHandle, Installation

OFF = timedelta(minutes=10)
# One planning pass is enough; the cycle's end lies up to a month ahead.
OPTIONS = CycleOptions(batch_users=10, replan_every=timedelta(days=60))
PERIOD = f"{datetime.now(UTC) + timedelta(minutes=2):%Y-%m}"
AHEAD = timedelta(seconds=3)
REMINDED_AFTER, WITHIN = timedelta(days=3), timedelta(minutes=1)


async def begin(installation: Installation) -> CycleHandle:
    """Start a worker with a fast and one with a slow clock, and a cycle whose mails are due at the next full minute."""
    for number, off in enumerate((OFF, -OFF)):
        _set_clock(installation, number, off)
    clocks = [clock_variables(_file(installation, number)) for number in range(2)]
    await asyncio.gather(*(installation.start_worker(environment=clock) for clock in clocks))
    minute = (datetime.now(UTC) + AHEAD + timedelta(minutes=1)).replace(second=0, microsecond=0)
    due = max(minute, datetime.fromisoformat(f"{PERIOD}-01T00:00+00:00"))
    preferences = {"sendDay": due.day, "sendTime": f"{due:%H:%M}", "timezone": "UTC"}
    await installation.database.raw.users.update_many({}, {"$set": preferences})
    return await installation.start_cycle(PERIOD, OPTIONS, send_now=False)


def _set_clock(installation: Installation, number: int, off: timedelta) -> None:
    set_clock(_file(installation, number), off)


def _file(installation: Installation, number: int) -> Path:
    return installation.stack.folder / f"clock-{number}"


async def disturb(run: Run) -> int:
    """Let the clocks jump while mails are flowing; then look at what left when, and at the reminders' instants."""
    offs, jumps = [-OFF, OFF], 0
    async for _ in run.moments():
        jumps += 1
        for number, off in enumerate(offs):
            _set_clock(run.installation, number, off)
        offs.reverse()
    motion = FastMotion(run.installation.client, run.installation.database.ledger, PERIOD)
    while await motion.next_wave():
        pass
    await _check(run)
    return jumps


async def _check(run: Run) -> None:
    plans = await run.installation.database.raw.plans.find({"period": PERIOD}).to_list(None)
    instants = {plan["userId"]: plan["instant"] for plan in plans}
    entries = await run.installation.entries(PERIOD)
    sent = {entry.message_id: entry for entry in entries.values() if entry.message_id}
    mails = [(mail.time, sent[mail.message_id]) for mail in await run.mailbox.log() if mail.message_id in sent]
    waited = [(at - instants[entry.user_id]).total_seconds() for at, entry in mails]
    off = [(entry.sent_at - at).total_seconds() for at, entry in mails if entry.sent_at is not None]
    early = sum(seconds < 0 for seconds in waited)
    hasty = sum(entry.due_at is None or entry.due_at.first < at + REMINDED_AFTER - WITHIN for at, entry in mails)
    run.notes.figures.update(
        early=early,
        first_mail_after_s=min(waited, default=None),
        clock_off_s=max(off, default=0.0),
        early_reminders=hasty,
    )
    if max(off, default=0.0) < OFF.total_seconds() / 2:
        run.notes.findings.append("no worker's clock was wrong")
    if early:
        run.notes.findings.append(f"{early} mails left before they were due")
    if hasty:
        run.notes.findings.append(f"{hasty} first reminders are due too early")


CLOCK_JUMPS = rehearsed(
    "clock-jumps",
    "one worker's clock is ten minutes fast, one's ten minutes slow, and they change places (needs libfaketime)",
    disturb,
    Arrangement(kills=2, users=40, gentle=True, period=PERIOD, workers=0, begin=begin),
)
