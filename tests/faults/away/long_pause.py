"""A cycle is paused in the middle of a wave for a week, over the days of reminders; then it is resumed, or cancelled.

Three months in a row, each paused by `cycle pause` and ended in another way: by `cycle resume`; by a `cycle resume`
that is killed between the database and the signal, so that the reconciliation has to make up for it; by `cycle cancel`.

How a week passes in a second: the workers, the commands and the mailbox share one wall clock that is turned forward
(libfaketime; their timers keep the real pace), and every cycle, wave and follow-up is moved to the same instant by its
own clock on the real server, timer by timer (`relance.cli.demo.virtual_time` does the same for the demo). So nothing in
the product is scaled, and the ledger's and the mailbox's instants are those of a real week. What stays in real time:

- the Temporal server, a static binary that asks the kernel for the time. A workflow that is started later begins in
  real time and is moved at once; it learns by its own time that a step is due, whoever runs the step goes by the clock;
- MongoDB, which nothing here asks for the time;
- alerts: a critical one would repeat every hour of the week;
- the paused wave and its cycle, which are moved by some hours instead: the wave asks the database every hour, and a
  cycle's time stands still while it waits for its wave.
"""

from __future__ import annotations

import asyncio
import time
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from relance.contracts.names import Workflow
from relance.domain.cycle.control import ControlState
from relance.domain.cycle.send_times import next_period
from tests.faults.away.commands import command, killed_between
from tests.faults.away.histories import events_of_follow_ups, grown
from tests.faults.away.month import SENDING, Month
from tests.faults.away.outcome import declare_crowd, outcome, unseen, worst
from tests.faults.away.people import ABSENCE, BACK, LAST, MANY, Crowd
from tests.faults.away.site import Away, opened
from tests.faults.mail.report import Report
from tests.faults.mail.trial import Trial, closed
from tests.faults.scenario import NotRunReport, Say, Scenario
from tests.faults.scenario import Report as AnyReport
from tests.faults.servers import NotRun

EVENTS_AT_MOST = 60
"""Of a follow-up of 20 contacts, during the pause."""
DAY, HOURS = timedelta(days=1), timedelta(hours=4)
LIMIT_S = 1800.0
ENDINGS = ("resumed", "resume lost", "cancelled")
DISTANCE = timedelta(days=2)
SETTINGS = {
    # So that a first reminder that is late by almost four days goes out, two hours before the second one is due: the
    # distance counts. By default it would be too late, as in `week-away`.
    "RELANCE_SCHEDULING__REMINDER_MAX_LATE": "P5D",
    "RELANCE_SCHEDULING__REMINDER_DISTANCE": f"P{DISTANCE.days}D",
}
SEEN = ("first: overtaken", "second: too_late")


@dataclass(frozen=True, slots=True)
class Paused:
    """What a pause cost: events of each follow-up, and mails that were sent in it."""

    events: Mapping[str, int]
    mails: int
    worn_out: int

    @property
    def figures(self) -> dict[str, Any]:
        """The most events of a follow-up of twenty and of a hundred contacts."""
        many = {one: count for one, count in self.events.items() if f"/{MANY}" in one}
        return {
            "events_per_follow_up": max((self.events[one] for one in self.events.keys() - many.keys()), default=0),
            "events_per_follow_up_of_100": max(many.values(), default=0),
        }

    @property
    def problems(self) -> list[str]:
        """What a pause must not do."""
        most = self.figures["events_per_follow_up"]
        found = [f"{self.worn_out} follow-ups were worn out"] if self.worn_out else []
        found += [f"a follow-up had {most} events in the pause"] if most >= EVENTS_AT_MOST else []
        return [*found, *([f"{self.mails} mails were sent in the pause"] if self.mails else [])]


async def _month(away: Away, period: str, ending: str) -> Trial:
    month = await Month.begun(away, period)
    await month.to_the_last_wave()
    installation = away.site.installation
    async with month.in_the_last_wave():
        await command(installation, "cycle", "pause", period, "--by", "ann", "--reason", "the relay moves")
    await month.unhindered()
    paused, speech = await _pass_the_pause(month)
    away.say(f"{period}: {ending} after {ABSENCE} days; {paused.figures}")
    problems = [*paused.problems, *speech]
    if ending == "resume lost":
        problems += await _lose_the_resume(month)
    else:
        verb = {"resumed": ("resume",), "cancelled": ("cancel", "--reason", "nobody wants it", "--yes")}[ending]
        await command(installation, "cycle", *verb, period, "--by", "bob")
    await month.settled()
    await month.to(BACK + HOURS / DAY)
    mended = await month.reconcile()
    await month.to_the_end()
    return await outcome(
        month, ending, kills=0, distance=DISTANCE, figures={**paused.figures, "mended": mended}, problems=problems
    )


async def _pass_the_pause(month: Month) -> tuple[Paused, list[str]]:
    """Let the pause pass; in its middle people speak, and the hourly job runs."""
    away, client = month.away, month.away.site.installation.client
    await month.settled(SENDING)
    worn_out = set(away.motion.worn_out)
    before, mails = await events_of_follow_ups(client, month.period), len(await month.mails())
    await month.by_the_hour(LAST + ABSENCE / 2)
    problems = await month.people_speak()
    await month.reconcile(SENDING)
    await month.by_the_hour(BACK)
    await away.motion.hours_pass(Workflow.SEND_WAVE, HOURS)
    await away.motion.quiet()
    after = await events_of_follow_ups(client, month.period)
    lost = len(away.motion.worn_out - worn_out)
    return Paused(grown(before, after), len(await month.mails()) - mails, lost), problems


async def _lose_the_resume(month: Month) -> list[str]:
    """Resume by a command that dies before Temporal hears of it; return what is wrong."""
    installation, period = month.away.site.installation, month.period

    async def stored() -> bool:
        return (await installation.database.controls.get(period)).state is ControlState.RUNNING

    await killed_between(installation, ("cycle", "resume", period, "--by", "bob"), stored)
    told = (await month.progress()).control.state
    return [] if told is ControlState.PAUSED else ["the cycle heard of the resume that was to be lost"]


async def _run(arguments: Namespace, say: Say) -> AnyReport:
    begun = time.monotonic()
    crowd = Crowd(arguments.users, arguments.last, arguments.contacts, arguments.many)
    try:
        async with asyncio.timeout(LIMIT_S), opened("long-pause", crowd, say, SETTINGS) as away:
            trials, period = [], f"{datetime.now(UTC):%Y-%m}"
            for ending in ENDINGS:
                period = next_period(period)
                trials.append(await _month(away, period, ending))
            trials = await closed(away.site, trials)
    except NotRun as reason:
        return NotRunReport(str(reason), time.monotonic() - begun)
    figures = {"distance_s": DISTANCE.total_seconds(), **worst(trials)}
    return Report(trials, time.monotonic() - begun, figures, unseen(trials, SEEN))


LONG_PAUSE = Scenario(
    "long-pause",
    "a cycle is paused in the middle of a wave for a week, over the days of reminders; then it is resumed, resumed by "
    "a command that dies on its way, or cancelled (needs libfaketime)",
    declare_crowd,
    _run,
)
