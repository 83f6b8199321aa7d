"""A period is opened by everybody at once: its Schedule, backfills of it, and people who start the cycle by hand."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from temporalio.client import ScheduleState

from relance.cli.start.opening import cycle_handle, open_cycle
from relance.contracts.cycle import CycleInput, OpenPeriodInput
from relance.contracts.names import MONTHLY_SCHEDULE, Workflow
from relance.settings import Settings
from relance.temporal import schedules
from tests.faults.arrangement import Arrangement
from tests.faults.cycle_run import Run
from tests.faults.rehearsal import rehearsed
from tests.faults.worker_term import SMALL_BATCHES
from tests.support import server_backfill
from tests.support.installation import CycleHandle, Installation

# Over on Earth, so that the cycle ends by itself; all its send times are late, and sent because so much is allowed.
PERIOD = "2026-10"
OPTIONS = SMALL_BATCHES.model_copy(update={"max_late": timedelta(days=36_500)})
OPENED_AT = datetime(2026, 9, 25, 6, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
LAST_OF_THE_MONTH = {"sendDay": 31, "sendTime": "18:00", "timezone": "Europe/Paris"}
"""A Schedule that is triggered opens the period of today: nothing of that one is due before the month ends."""
BY_HAND, BACKFILLS, TRIGGERS = 3, 2, 2
LOOK_EVERY_S = 0.1


async def begin(installation: Installation) -> CycleHandle:
    """Create the Schedule, and let the first race open the period, whoever wins."""
    settings = Settings()
    monthly = next(one for one in schedules.declared(settings) if one.id == MONTHLY_SCHEDULE)
    declared = replace(monthly, argument=OpenPeriodInput(zone=monthly.zone, options=OPTIONS))
    await installation.client.create_schedule(declared.id, declared.schedule(ScheduleState()))
    await race(installation)
    await _calm(installation)
    return cycle_handle(installation.client, PERIOD)


async def race(installation: Installation) -> list[str]:
    """Open the period in all ways at once; return what the people were told."""
    client, request = installation.client, CycleInput(period=PERIOD, options=OPTIONS)
    opened = asyncio.gather(*(open_cycle(client, installation.database, request) for _ in range(BY_HAND)))
    await asyncio.gather(
        *(server_backfill.backfill(client, MONTHLY_SCHEDULE, OPENED_AT, OPENED_AT) for _ in range(BACKFILLS)),
        *(schedules.trigger(client, MONTHLY_SCHEDULE) for _ in range(TRIGGERS)),
    )
    return [one.state for one in await opened]


async def disturb(run: Run) -> int:
    """Race again while mails are flowing, and once more when all is done; then count."""
    told: Counter[str] = Counter()
    races = 2
    async for _ in run.moments():
        races += 1
        told.update(await race(run.installation))
    await run.result()
    told.update(await race(run.installation))
    await _calm(run.installation)
    run.notes.figures["told"] = dict(told)
    if told["started"]:
        run.notes.findings.append("the cycle was started again")
    await _count(run)
    return races


async def _count(run: Run) -> None:
    client, notes = run.installation.client, run.notes
    cycles = [one async for one in client.list_workflows(f"WorkflowId = '{run.cycle.id}'")]
    openings = {one.id async for one in client.list_workflows(f"WorkflowType = '{Workflow.OPEN_PERIOD}'")}
    records: list[dict[str, Any]] = await run.installation.database.raw.jobRuns.find({"job": MONTHLY_SCHEDULE}).to_list(
        None
    )
    notes.figures.update(cycles=len(cycles), nominal_times=len(openings), records=len(records))
    if len(cycles) != 1:
        notes.findings.append(f"{len(cycles)} cycles ran for one period")
    if len(records) != len(openings):
        notes.findings.append(f"{len(openings)} nominal times have {len(records)} records")
    if sum(record["nominal"] == OPENED_AT for record in records) != 1:
        notes.findings.append("the nominal time that was filled in again and again has not one record")


async def _calm(installation: Installation) -> None:
    """Wait until the Schedule has done all it was asked to."""
    schedule = installation.client.get_schedule_handle(MONTHLY_SCHEDULE)
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        described = await schedule.describe()
        if not described.info.running_actions and described.raw_description.info.buffer_size == 0:
            return


DOUBLE_TRIGGER = rehearsed(
    "double-trigger",
    "a period is opened at once by its Schedule, by backfills and by hand, before, during and after its mails",
    disturb,
    Arrangement(
        kills=3,
        users=60,
        gentle=True,
        period=PERIOD,
        options=OPTIONS,
        changes=LAST_OF_THE_MONTH,
        begin=begin,
    ),
)
