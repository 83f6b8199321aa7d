"""`start default-lp`, `start paused-partner`: a check by hand, or a look at what it would say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from relance.cli.base.command import Run, command, invalid
from relance.cli.base.output import Answer
from relance.cli.base.periods import read_past_day, today
from relance.cli.base.waiting import DEFAULT_S, TimeoutOption, wait_for
from relance.cli.start.check_report import dry_run_answer, result_answer
from relance.contracts.names import CheckName
from relance.domain.jobs.cron import nominal_on
from relance.errors import SettingsError
from relance.services.conditions import window_of_check
from relance.services.report_checks import run_check
from relance.settings import Settings
from relance.temporal.checks import cron_of, start_check
from relance.wording.alerts.english import ENGLISH

EXAMPLES = """
starter.py start {check} --dry-run
starter.py start {check} --date 2026-11-04 --wait
"""

DateOption = Annotated[
    str | None,
    typer.Option("--date", help="The day of the run, YYYY-MM-DD; it looks at the days before. Default: today."),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show the message that would be sent; send and store nothing.")
]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait for the end of the check and show how it ended.")]


async def start_default_lp(
    run: Run,
    *,
    date: DateOption = None,
    dry_run: DryRunOption = False,
    wait: WaitOption = False,
    patience: TimeoutOption = DEFAULT_S,
) -> Answer:
    """Look for default landing pages with too many clicks on the day before; what is known is not told again."""
    return await _start(run, CheckName.DEFAULT_LP, date, dry_run=dry_run, wait=wait, patience=patience)


async def start_paused_partner(
    run: Run,
    *,
    date: DateOption = None,
    dry_run: DryRunOption = False,
    wait: WaitOption = False,
    patience: TimeoutOption = DEFAULT_S,
) -> Answer:
    """Look for partners whose revenue fell against the week before; what is known is not told again."""
    return await _start(run, CheckName.PAUSED_PARTNER, date, dry_run=dry_run, wait=wait, patience=patience)


async def _start(run: Run, check: CheckName, date: str | None, *, dry_run: bool, wait: bool, patience: float) -> Answer:
    everflow = run.settings.everflow
    now = run.services.clock.now()
    day = read_past_day(date, "--date", now, everflow.timezone) if date else today(now, everflow.timezone)
    nominal = nominal_on(day, cron_of(check, everflow), everflow.timezone)
    if dry_run and wait:
        invalid("--wait", "a dry run has nothing to wait for", "leave --wait or --dry-run out")
    require_key(run.settings)
    if dry_run:
        async with run.services.reports(run.settings) as reports:
            found = await run_check(check, reports, everflow.rules, nominal)
        return dry_run_answer(found, run.settings.alerts, now)
    return await _started(run, check, nominal, wait=wait, patience=patience)


async def _started(run: Run, check: CheckName, nominal: datetime, *, wait: bool, patience: float) -> Answer:
    everflow = run.settings.everflow
    handle = await start_check(await run.temporal(), check, everflow, nominal)
    window = window_of_check(check, nominal, everflow.timezone)
    sentence = f"{ENGLISH.rules[check]} looks at {ENGLISH.figures.days(window)}: workflow {handle.id}."
    if not wait:
        return Answer({"check": check, "nominal": nominal, "workflow": handle.id, "message": sentence}, sentence)
    run.out.note(sentence)
    return result_answer(await wait_for(run, handle, f"the check {check}", "report jobs", patience))


def require_key(settings: Settings) -> None:
    """Make sure that there is a key for Everflow.

    Raises:
        SettingsError: there is none.
    """
    if settings.everflow.api_key is None:
        raise SettingsError("RELANCE_EVERFLOW__API_KEY: there is no key for Everflow; set the network's API key")


def register(group: typer.Typer) -> None:
    """Add the commands to the group `start`."""
    for check, function in ((CheckName.DEFAULT_LP, start_default_lp), (CheckName.PAUSED_PARTNER, start_paused_partner)):
        command(group, check, EXAMPLES.format(check=check))(function)
