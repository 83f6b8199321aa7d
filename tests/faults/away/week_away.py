"""The server, the workers and the database are away, each for a week over the days of reminders, and come back.

Three months in a row. In each the absence begins with SIGKILL in the middle of a wave. How time passes is written in
`long_pause`. Nothing is moved while something is away: the clocks have the day of the return before anybody is back,
and the workflows are moved to it afterwards, step by step. Every mail is thus judged at the instant it goes out.
"""

from __future__ import annotations

import asyncio
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

from relance.domain.cycle.send_times import next_period
from relance.domain.invitations.reminders import DEFAULT_TIMING
from tests.faults.away.month import Month
from tests.faults.away.outcome import declare_crowd, outcome, unseen, worst
from tests.faults.away.people import ABSENCE, BACK, Crowd
from tests.faults.away.site import Away, opened
from tests.faults.mail.report import Report
from tests.faults.mail.trial import Trial, closed
from tests.faults.scenario import NotRunReport, Say, Scenario
from tests.faults.scenario import Report as AnyReport
from tests.faults.servers import NotRun

LIMIT_S = 1800.0
FOUR_HOURS = 4 / 24
HESITATION_S = 0.5
SEEN = ("first: overtaken", "first: too_late", "second: too_late")

Absent = Callable[[Away], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _server_away(away: Away) -> AsyncIterator[None]:
    await away.servers.temporal.kill()
    yield
    await away.servers.temporal.start()


@asynccontextmanager
async def _workers_away(away: Away) -> AsyncIterator[None]:
    away.site.installation.workers[-1].kill()
    yield
    await away.site.installation.start_worker()


@asynccontextmanager
async def _database_away(away: Away) -> AsyncIterator[None]:
    await away.servers.mongo.kill()
    # What is under way notices.
    await asyncio.sleep(HESITATION_S)
    yield
    await away.servers.mongo.start()


ABSENCES: dict[str, Absent] = {
    "server away": _server_away,
    "workers away": _workers_away,
    "database away": _database_away,
}


async def _month(away: Away, period: str, name: str) -> Trial:
    month = await Month.begun(away, period)
    await month.to_the_last_wave()
    async with month.in_the_last_wave():
        pass
    async with ABSENCES[name](away):
        await month.unhindered()
        before = await month.at_rest()
        away.calendar.turn(month.at(BACK))
        problems = [] if before == await month.at_rest() else ["mails were sent in the absence"]
    away.say(f"{period}: {name} for {ABSENCE} days, after {before} mails")
    await month.settled()
    await month.to(BACK + FOUR_HOURS)
    mended = await month.reconcile()
    await month.to_the_end()
    return await outcome(
        month, name, kills=1, distance=DEFAULT_TIMING.distance, figures={"mended": mended}, problems=problems
    )


async def _run(arguments: Namespace, say: Say) -> AnyReport:
    begun = time.monotonic()
    crowd = Crowd(arguments.users, arguments.last, arguments.contacts, arguments.many)
    try:
        async with asyncio.timeout(LIMIT_S), opened("week-away", crowd, say, {}) as away:
            trials, period = [], f"{datetime.now(UTC):%Y-%m}"
            for name in ABSENCES:
                period = next_period(period)
                trials.append(await _month(away, period, name))
            trials = await closed(away.site, trials)
    except NotRun as reason:
        return NotRunReport(str(reason), time.monotonic() - begun)
    figures = {"distance_s": DEFAULT_TIMING.distance.total_seconds(), **worst(trials)}
    return Report(trials, time.monotonic() - begun, figures, unseen(trials, SEEN))


WEEK_AWAY = Scenario(
    "week-away",
    "the Temporal server, then the workers, then MongoDB get SIGKILL in the middle of a wave and are away for a week, "
    "over the days of reminders (needs libfaketime)",
    declare_crowd,
    _run,
)
