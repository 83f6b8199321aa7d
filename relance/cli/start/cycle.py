"""`start`: open a period, run a check or another job by hand."""

from __future__ import annotations

from typing import Annotated

import typer
from temporalio.client import Client

from relance.cli.base.command import Run, command, invalid
from relance.cli.base.confirming import YesOption, confirm
from relance.cli.base.output import Answer, cell
from relance.cli.base.periods import far_away, read_date, read_period
from relance.cli.base.resources import Repositories
from relance.cli.cycle.rehearsal import rehearse
from relance.cli.cycle.report import report_answer
from relance.cli.cycle.sending_now import SENDS_NOW, send_now
from relance.cli.cycle.watching import Watch
from relance.cli.start import checks as start_check
from relance.cli.start import jobs as start_job
from relance.cli.start.opening import Opened, open_by_hand
from relance.contracts.cycle import CycleInput, CycleStatistics
from relance.domain.cycle.send_times import current_period, period_window
from relance.runtime.process_exit import DONE
from relance.temporal.schedules import cycle_options

EXAMPLES = """
starter.py start cycle --dry-run
starter.py start cycle --period 2026-12 --wait
starter.py start cycle --now --yes --json
"""


async def start_cycle(
    run: Run,
    *,
    period: Annotated[str | None, typer.Option("--period", help="Month, YYYY-MM; default: this month.")] = None,
    date: Annotated[str | None, typer.Option("--date", help="A day of the period, YYYY-MM-DD.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Send everything at once, whatever the users' times.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent; write and send nothing.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Show the progress and, at the end, the report.")] = False,
    yes: YesOption = False,
) -> Answer:
    """Start the cycle of a period; what runs already or is done is left alone, so nothing is sent twice.

    With --now the users of a cycle that runs already are written to at once, after a question; --wait then ends when
    that is done. A month other than the last, this and the next is asked about as well.
    """
    chosen = _period(run, period, date)
    if dry_run and wait:
        invalid("--wait", "a dry run has nothing to wait for", "leave --wait or --dry-run out")
    far = far_away(chosen, run.services.clock.now(), run.settings.scheduling.default_zone)
    if dry_run:
        return await rehearse(run, chosen, send_now=now, far=far)
    client = await run.temporal()
    async with run.database() as database:
        if far is not None and chosen not in await database.plans.periods():
            # One that is open or left over only goes on.
            confirm(run, far, yes=yes)
        request = CycleInput(period=chosen, options=cycle_options(run.settings), send_now=now)
        opened = await open_by_hand(run, client, database, request)
        if now and opened.state == "running":
            opened = await send_now(run, database, chosen, opened, yes=yes)
        if not wait:
            data = {"period": chosen, "state": opened.state, "message": opened.sentence}
            # A finished cycle that has lost contacts is no success, also when it is started again.
            code = report_answer(opened.statistics, ()).code if opened.statistics else DONE
            return Answer(data, opened.sentence, code)
        run.out.note(opened.sentence)
        statistics = opened.statistics or await _wait(run, client, database, chosen, opened, now=now)
        reminders = await database.ledger.reminder_outcomes(chosen)
    return report_answer(statistics, reminders)


async def _wait(
    run: Run, client: Client, database: Repositories, period: str, opened: Opened, *, now: bool
) -> CycleStatistics:
    watch, end = Watch(run.out, client, database, period), cell(period_window(period)[1])
    if now and opened.state in {"running", SENDS_NOW}:
        run.out.note(f"This ends when all of it is sent; the cycle stays open until {end}. Ctrl-C leaves it running.")
        return await watch.until_sent(opened.handle, run.services.clock.now())
    run.out.note(
        "It ends when all of it is sent. Ctrl-C leaves it running."
        if now and opened.state == "started"
        else f"It stays open for every user's send time, until {end}. Ctrl-C leaves it running."
    )
    return await watch.until_done(opened.handle)


def _period(run: Run, period: str | None, date: str | None) -> str:
    if period is not None and date is not None:
        invalid("--date", "it does not go together with --period", "leave one of them out")
    if period is not None:
        return read_period(period, "--period")
    if date is not None:
        return f"{read_date(date, '--date'):%Y-%m}"
    return current_period(run.services.clock.now(), run.settings.scheduling.default_zone)


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Start a job by hand.")
    command(group, "cycle", EXAMPLES)(start_cycle)
    start_check.register(group)
    start_job.register(group)
    app.add_typer(group, name="start")
