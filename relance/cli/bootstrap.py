"""`bootstrap`: everything a new installation needs, as often as one likes."""

from __future__ import annotations

from datetime import datetime, timedelta

import typer
from temporalio.client import Client

from relance.cli.command import Run, command
from relance.cli.cycle.opening import open_cycle
from relance.cli.output import Answer, cell, table
from relance.cli.services import Database
from relance.contracts.cycle import CycleInput
from relance.contracts.names import MONTHLY_SCHEDULE
from relance.domain.send_times import current_period, next_period, period_of_opening
from relance.temporal import schedules
from relance.temporal.namespace import raise_retention

EXAMPLES = """
starter.py bootstrap
starter.py bootstrap --json
"""


async def bootstrap(run: Run) -> Answer:
    """Prepare Temporal and the database: retention, indexes, Schedules; on a fresh installation, the current period.

    Safe to run again at any time: it prints what it found and what it did.
    """
    client = await run.temporal()
    retention = await raise_retention(client, run.settings.temporal.retention)
    async with run.database() as database:
        missing = await database.missing_indexes()
        await database.ensure_indexes()
        applied = await schedules.apply(client, run.settings)
        opened = await _open_periods(run, client, database)
    raised = "raised" if retention.now > retention.before else "found"
    rows = [
        ("retention of the namespace", raised, f"{retention.now.days} days"),
        ("indexes", "created" if missing else "found", ", ".join(missing) or "all there"),
        *((f"Schedule {one.id}", one.change, f"paused: {one.note}" if one.paused else "active") for one in applied),
        *((f"cycle {period}", state, sentence) for period, (state, sentence) in opened.items()),
    ]
    data = {
        "retention_days": retention.now / timedelta(days=1),
        "retention": raised,
        "indexes_created": missing,
        "schedules": {one.id: one.change for one in applied},
        "periods": {period: state for period, (state, _) in opened.items()},
    }
    return Answer(data, table("Bootstrap", ("what", "done", "detail"), rows))


async def _open_periods(run: Run, client: Client, database: Database) -> dict[str, tuple[str, str]]:
    """Open the periods whose opening by the Schedule lies in the past, for the send times still ahead (SPEC C1)."""
    now = run.services.clock.now()
    opened: dict[str, tuple[str, str]] = {}
    for period in await _periods_without_opening(run, client, now):
        if await _is_known(database, period):
            opened[period] = ("found", "the database knows this period")
            continue
        request = CycleInput(period=period, options=schedules.cycle_options(run.settings), not_before=now)
        result = await open_cycle(client, database, request)
        detail = f"for send times after {cell(now)}" if result.state == "started" else result.sentence
        opened[period] = (result.state, detail)
    return opened


async def _periods_without_opening(run: Run, client: Client, now: datetime) -> list[str]:
    zone = run.settings.scheduling.default_zone
    current = current_period(now, zone)
    lines = await schedules.lines(client, run.settings)
    coming = [at for line in lines if line.id == MONTHLY_SCHEDULE for at in line.next_times[:1]]
    first_by_schedule = period_of_opening(min(coming), zone) if coming else next_period(current)
    periods = [current]
    # After the opening's day the next month is without one too, on a fresh installation.
    while next_period(periods[-1]) < first_by_schedule:
        periods.append(next_period(periods[-1]))
    return periods if current < first_by_schedule else []


async def _is_known(database: Database, period: str) -> bool:
    if await database.plans.open_count(period) or await database.ledger.is_known(period):
        return True
    return await database.job_runs.statistics(period) is not None


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "bootstrap", EXAMPLES)(bootstrap)
