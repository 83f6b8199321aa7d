"""`backtest`: on which past days a check would have fired, with the thresholds of today or with others (SPEC W6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from relance.cli.backtest.backtest_report import backtest_answer
from relance.cli.base.command import Run, command, invalid
from relance.cli.base.output import Answer
from relance.cli.base.periods import read_past_day
from relance.cli.start.checks import require_key
from relance.contracts.names import CheckName
from relance.domain.jobs.cron import EVERY_DAY, weekdays
from relance.ports import Reports
from relance.services.backtesting import Days, look_back
from relance.settings.everflow import Everflow
from relance.temporal.checks import cron_of

MOST_DAYS = 400
DEFAULT_LP_EXAMPLES = """
starter.py backtest default-lp --from 2026-10-01 --to 2026-10-31
starter.py backtest default-lp --from 2026-10-01 --to 2026-10-31 --clicks 100
"""
PAUSED_PARTNER_EXAMPLES = """
starter.py backtest paused-partner --from 2026-10-01 --to 2026-10-31
starter.py backtest paused-partner --from 2026-10-01 --to 2026-10-31 --every-day --drop 30 --revenue 500
"""

FromOption = Annotated[str, typer.Option("--from", help="First day of a run, YYYY-MM-DD.")]
ToOption = Annotated[str, typer.Option("--to", help="Last day of a run, YYYY-MM-DD.")]
EveryDayOption = Annotated[bool, typer.Option("--every-day", help="Look on every day, whatever the Schedule says.")]


async def backtest_default_lp(
    run: Run,
    *,
    start: FromOption,
    end: ToOption,
    every_day: EveryDayOption = False,
    clicks: Annotated[str | None, typer.Option("--clicks", help="What if: fire above this many clicks.")] = None,
) -> Answer:
    """Show on which days Default LP would have fired; stores and sends nothing."""
    everflow = _what_if(run.settings.everflow, {"--clicks": ("default_lp_clicks", clicks)})
    thresholds = {"clicks": everflow.default_lp_clicks}
    return await _backtest(run, CheckName.DEFAULT_LP, everflow, _days(run, start, end), thresholds, every_day=every_day)


async def backtest_paused_partner(
    run: Run,
    *,
    start: FromOption,
    end: ToOption,
    every_day: EveryDayOption = False,
    drop: Annotated[str | None, typer.Option("--drop", help="What if: fire above this drop, in %.")] = None,
    revenue: Annotated[str | None, typer.Option("--revenue", help="What if: count partners from this revenue.")] = None,
) -> Answer:
    """Show on which days Paused partner would have fired; stores and sends nothing."""
    changes = {"--drop": ("paused_drop", drop), "--revenue": ("paused_revenue", revenue)}
    everflow = _what_if(run.settings.everflow, changes)
    thresholds = {"drop": everflow.paused_drop, "revenue": everflow.paused_revenue}
    return await _backtest(
        run, CheckName.PAUSED_PARTNER, everflow, _days(run, start, end), thresholds, every_day=every_day
    )


async def _backtest(
    run: Run, check: CheckName, everflow: Everflow, days: list[date], thresholds: Mapping[str, Any], *, every_day: bool
) -> Answer:
    known = EVERY_DAY if every_day else weekdays(cron_of(check, everflow))
    if known is None:
        run.out.note(f"The days of {cron_of(check, everflow)!r} cannot be told apart here: every day is looked at.")
    wanted = [day for day in days if known is None or day.weekday() in known]
    if not wanted:
        invalid("--from", f"{check} does not run on any of these days", "widen the range or add --every-day")
    require_key(run.settings)
    with run.out.progress() as bar:
        task = bar.add_task(check, total=len(wanted))
        async with run.services.reports(run.settings) as reports:
            past = await look_back(days_of(check, reports, everflow), wanted, lambda: bar.advance(task))
    return backtest_answer(check, (days[0], days[-1]), thresholds, past, run.services.clock.now())


def days_of(check: CheckName, reports: Reports, everflow: Everflow) -> Days:
    """Return what looks back with these settings."""
    return Days(
        check=check,
        reports=reports,
        rules=everflow.rules,
        cron=cron_of(check, everflow),
        calls_at_once=everflow.calls_at_once,
    )


def _what_if(everflow: Everflow, changes: Mapping[str, tuple[str, str | None]]) -> Everflow:
    given = {field: (option, text) for option, (field, text) in changes.items() if text is not None}
    try:
        return Everflow.model_validate({**everflow.model_dump(), **{field: text for field, (_, text) in given.items()}})
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        option, text = given[str(problem["loc"][0])]
        invalid(option, f"{text!r} cannot be used", problem["msg"])


def _days(run: Run, start: str, end: str) -> list[date]:
    now, zone = run.services.clock.now(), run.settings.everflow.timezone
    first, last = read_past_day(start, "--from", now, zone), read_past_day(end, "--to", now, zone)
    if last < first:
        invalid("--to", f"{end} lies before --from {start}", "swap the two")
    count = (last - first).days + 1
    if count > MOST_DAYS:
        invalid("--to", f"these are {count} days", f"take at most {MOST_DAYS}")
    return [first + timedelta(days=n) for n in range(count)]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Try a check's rule on past days.")
    command(group, "default-lp", DEFAULT_LP_EXAMPLES)(backtest_default_lp)
    command(group, "paused-partner", PAUSED_PARTNER_EXAMPLES)(backtest_paused_partner)
    app.add_typer(group, name="backtest")
