"""`report reminders`: what reminders achieve, from counts alone (SPEC R7)."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from relance.cli.base.command import Run
from relance.cli.base.output import Answer
from relance.cli.base.periods import read_period
from relance.cli.base.resources import Repositories
from relance.cli.base.saving import SaveOption, save
from relance.cli.report.reminder_tables import data_of, tables_of
from relance.domain.invitations.effectiveness import Effects, count, in_order, overall
from relance.errors import NotFound

PERIODS = 6


async def reminders(
    run: Run,
    period: Annotated[str | None, typer.Option("--period", help="Of this month only; else of the last six.")] = None,
    folder: SaveOption = None,
) -> Answer:
    """Show what reminders achieve: answers and opt-outs within 72 hours, by hour and weekday, and the true effect.

    The true effect needs a hold-out group, see RELANCE_SCHEDULING__HOLDOUT_PERCENT.
    """
    if period is not None:
        read_period(period, "--period")
    found: Effects = {}
    now = run.services.clock.now()
    async with run.database() as database:
        periods = [period] if period is not None else (await database.effectiveness.periods())[:PERIODS]
        for month in periods:
            async for group in database.effectiveness.groups(month, now):
                count(found, group)
        if period is not None and not found and not await _is_known(database, period):
            raise NotFound(f"--period: nothing is known of {period}; `cycle list` shows the periods there are")
    found, whole = in_order(found), overall(found.values())
    files: list[str] = []
    if folder is not None:
        from relance.rendering.reminder_charts import reminder_charts

        charts = await asyncio.to_thread(reminder_charts, whole, run.settings.alerts.language)
        files = await save(folder, charts)
    return Answer({**data_of(found, whole), "files": files}, tables_of(found, whole, files))


async def _is_known(database: Repositories, period: str) -> bool:
    return await database.ledger.is_known(period) or period in await database.plans.periods()
