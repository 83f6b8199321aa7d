"""*Jobs*: how each nominal time of every job ended, how reliable and how fast each was (SPEC H3, H5)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from relance.console.answers import or_away
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.domain.jobs.statistics import DURATION, statistics_of
from relance.ports.console import Topic
from relance.temporal.schedules import declared, lines

DAYS: Final = timedelta(days=7)
READ: Final = 2_500
SHOWN: Final = 12
SHOWN_OF_ONE: Final = 100


async def _totals(needs: ConsoleNeeds, _: Params) -> Mapping[str, Any]:
    since = needs.clock.now() - DAYS
    names = [schedule.id for schedule in declared(needs.settings)]
    of_each = await asyncio.gather(*(needs.data.job_runs.runs(job=name, since=since, limit=READ) for name in names))
    totals = {total.job: total for runs in of_each for total in statistics_of(runs)}
    found, away = await or_away(needs.answers.of("schedules", lambda: lines(needs.client, needs.settings)))
    schedules = {line.id: line for line in found or ()}
    return {"names": names, "totals": totals, "schedules": schedules, "days": DAYS.days, "away": away}


async def _runs(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    wanted = params["job"] or None
    since = needs.clock.now() - DAYS
    runs = await needs.data.job_runs.runs(job=wanted, since=since, limit=SHOWN_OF_ONE)
    names = [schedule.id for schedule in declared(needs.settings)]
    if wanted is None:
        # The health check alone has hundreds a day: it must not push the others off the screen.
        seen = await asyncio.gather(*(needs.data.job_runs.runs(job=name, since=since, limit=SHOWN) for name in names))
        runs = sorted((run for those in seen for run in those), key=lambda run: run.nominal, reverse=True)
    return {"runs": runs, "names": names, "wanted": wanted, "took": DURATION}


PAGE = ConsolePage(
    name="jobs",
    path="/jobs",
    template="jobs/page.html",
    regions=(
        Region("totals", "jobs/totals.html", _totals, frozenset({Topic.JOBS}), every=60.0),
        Region("runs", "jobs/runs.html", _runs, frozenset({Topic.JOBS})),
    ),
    query=("job",),
)
