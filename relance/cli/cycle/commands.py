"""`cycle status` and `cycle report`: how a period stands and how it ended; its control is in `cycle_control`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from relance.cli.base.command import Run, command
from relance.cli.base.output import Answer, cell, table
from relance.cli.base.periods import read_period
from relance.cli.base.saving import SaveOption, save
from relance.cli.cycle.control import PeriodArgument, cancel, pause, resume
from relance.cli.cycle.entries import entries
from relance.cli.cycle.listing import list_
from relance.cli.cycle.report import report_answer
from relance.cli.cycle.rollback import rollback
from relance.cli.cycle.snapshot import stage_words, wave_words
from relance.cli.cycle.uncertain import uncertain
from relance.cli.cycle.watching import Watch
from relance.cli.start.opening import cycle_handle
from relance.doctor.limits import SendingLimits, sending_limits
from relance.errors import NotFound
from relance.services.cycle_snapshot import Snapshot
from relance.services.cycle_statistics import balance_period, final_statistics, report_of
from relance.temporal.errors import is_missing
from relance.temporal.schedules import RPC_TIMEOUT

REPORT = """
starter.py cycle report 2026-11 --json
starter.py cycle report 2026-11 --save charts
"""
ENTRIES = """
starter.py cycle entries 2026-11 --status failed
starter.py cycle entries 2026-11 --status open --status uncertain --limit 1000 --json
starter.py cycle entries 2026-11 --status skipped --reason contact_opted_out
"""
ROLLBACK = """
starter.py cycle rollback 2026-11 --dry-run
starter.py cycle rollback 2026-11 --correction --reason 'wrong template' --by ann
starter.py cycle rollback 2026-11 --reason 'wrong template' --yes --json
"""


async def status(
    run: Run,
    period: PeriodArgument,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, with a progress bar, until the cycle ends.")] = False,
) -> Answer:
    """Show what a cycle has done, does now and does next."""
    read_period(period)
    client = await run.temporal()
    async with run.database() as database:
        watching = Watch(run.out, client, database, period)
        handle = cycle_handle(client, period)
        try:
            found = (await handle.describe(rpc_timeout=RPC_TIMEOUT)).status
        except RPCError as error:
            if not is_missing(error):
                raise
            found = None
        if watch and found is WorkflowExecutionStatus.RUNNING:
            await watching.until_done(handle)
            found = (await watching.persist(lambda: handle.describe(rpc_timeout=RPC_TIMEOUT))).status
        snapshot = await watching.snapshot()
        limits = await sending_limits(run.settings, database, run.services.clock.now())
    if found is None and not snapshot.known:
        raise NotFound(f"PERIOD: nothing is known of {period}; open it with `start cycle --period {period}`")
    return _status(period, found.name.lower() if found else "gone", snapshot, limits)


def _status(period: str, state: str, now: Snapshot, limits: SendingLimits) -> Answer:
    progress = now.progress
    rows = [
        ("workflow", state),
        ("stage", ", ".join(filter(None, [stage_words(now), wave_words(now)])) if progress else None),
        ("control", now.control.words or None),
        ("users planned", progress.users_planned if progress else None),
        ("plans still open", now.ledger.plans_open),
        ("waves done", progress.waves_done if progress else None),
        ("next wave", cell(progress.next_wave) if progress else None),
        ("sent", now.ledger.sent),
        ("skipped", now.skipped),
        *((f"  {reason.replace('_', ' ')}", count) for reason, count in sorted(now.ledger.skipped.items())),
        ("users too late", now.ledger.users_too_late or None),
        ("failed", now.failed),
        ("uncertain", now.ledger.uncertain),
        ("cancelled", now.ledger.cancelled),
        ("open", now.ledger.open),
        ("limits", limits.relay if now.sends else None),
        ("left alone", limits.resting or None),
    ]
    data = {
        "period": period,
        "workflow": state,
        "progress": progress,
        "plans_open": now.ledger.plans_open,
        "sent": now.ledger.sent,
        "skipped": now.ledger.skipped,
        "users_too_late": now.ledger.users_too_late,
        "failed": now.ledger.failed,
        "uncertain": now.ledger.uncertain,
        "cancelled": now.ledger.cancelled,
        "open": now.ledger.open,
        "limits": limits.data,
    }
    return Answer(data, table(f"Cycle {period}", ("what", "value"), rows))


async def report(run: Run, period: PeriodArgument, folder: SaveOption = None) -> Answer:
    """Show how a cycle ended, next to the month before; counted from the ledger while it has not."""
    from relance.rendering.cycle_charts import MONTHS, cycle_charts

    read_period(period)
    async with run.database() as database:
        statistics = await database.job_runs.statistics(period)
        if statistics is None or statistics.open or statistics.plans_open:
            progress = statistics.progress if statistics else None
            balanced = await balance_period(database.ledger, database.plans, period, progress)
            statistics = await final_statistics(
                balanced, run.services.clock.now(), database.job_runs, database.quarantine
            )
        months = [cycle for cycle in await database.job_runs.cycles(period, MONTHS) if cycle.period != period]
        reminders = await database.ledger.reminder_outcomes(period)
    if not (statistics.eligible or statistics.plans_open or statistics.users_too_late):
        raise NotFound(f"PERIOD: nothing is known of {period}; open it with `start cycle --period {period}`")
    files: list[str] = []
    if folder is not None:
        language = run.settings.alerts.language
        charts = await asyncio.to_thread(cycle_charts, report_of(statistics), [*months, statistics], language)
        files = await save(folder, charts)
    return report_answer(statistics, reminders, files)


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="How the cycle of a period stands and ended, and its control.")
    command(group, "list", "starter.py cycle list --json")(list_)
    command(group, "entries", ENTRIES)(entries)
    command(group, "status", "starter.py cycle status 2026-11 --watch")(status)
    command(group, "report", REPORT)(report)
    command(group, "uncertain", "starter.py cycle uncertain 2026-11 --resolve --yes")(uncertain)
    command(group, "pause", "starter.py cycle pause 2026-11 --reason 'the relay moves house'")(pause)
    command(group, "resume", "starter.py cycle resume 2026-11")(resume)
    command(group, "cancel", "starter.py cycle cancel 2026-11 --reason 'wrong template' --yes --json")(cancel)
    command(group, "rollback", ROLLBACK)(rollback)
    app.add_typer(group, name="cycle")
