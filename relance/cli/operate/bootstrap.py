"""`bootstrap`: everything a new installation needs, as often as one likes."""

from __future__ import annotations

from datetime import timedelta

import typer
from temporalio.client import Client

from relance.cli.base.command import Run, command
from relance.cli.base.output import Answer, cell, table
from relance.cli.base.resources import Repositories
from relance.cli.schedules.openings import unopened
from relance.cli.start.opening import open_by_hand
from relance.contracts.cycle import CycleInput
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
        *((f"Schedule {schedule.id}", schedule.change, _detail(schedule)) for schedule in applied),
        *((f"cycle {period}", state, sentence) for period, (state, sentence) in opened.items()),
    ]
    data = {
        "retention_days": retention.now / timedelta(days=1),
        "retention": raised,
        "indexes_created": missing,
        "schedules": {schedule.id: schedule.change for schedule in applied},
        "periods": {period: state for period, (state, _) in opened.items()},
    }
    return Answer(data, table("Bootstrap", ("what", "done", "detail"), rows))


async def _open_periods(run: Run, client: Client, database: Repositories) -> dict[str, tuple[str, str]]:
    """Open the periods that the Schedule will not open any more in time.

    On a fresh installation for the send times still ahead (SPEC C1). What somebody ended in Temporal stays ended.
    """
    now = run.services.clock.now()
    opened: dict[str, tuple[str, str]] = {}
    found = await unopened(run, client)
    for period, state in ((state.period, state.fate.state) for state in found.states):
        if state.cut:
            opened[period] = ("ended", f"its cycle was ended; it goes on with `start cycle --period {period}`")
            continue
        if await _is_known(database, period):
            opened[period] = ("found", "the database knows this period")
            continue
        fresh = found.is_fresh(period)
        options = schedules.cycle_options(run.settings)
        request = CycleInput(period=period, options=options, not_before=now if fresh else None)
        result = await open_by_hand(run, client, database, request)
        since = f"for send times after {cell(now)}" if fresh else "it was left out"
        opened[period] = (result.state, since if result.state == "started" else result.sentence)
    return opened


def _detail(applied: schedules.Applied) -> str:
    standing = f"paused: {applied.note}" if applied.paused else "active"
    times = applied.left_out
    return f"{standing}; leaves out {len(times)}, the first {cell(times[0])}" if times else standing


async def _is_known(database: Repositories, period: str) -> bool:
    if await database.plans.open_count(period) or await database.ledger.is_known(period):
        return True
    return await database.job_runs.statistics(period) is not None


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "bootstrap", EXAMPLES)(bootstrap)
