"""The command tree of `starter.py`."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from relance import __version__
from relance.cli import bootstrap, dev, doctor, events, restored, schedules, start, watchdog, why
from relance.cli.alerts import commands as alerts
from relance.cli.checks import backtest
from relance.cli.command import report
from relance.cli.cycle import commands as cycle
from relance.cli.demo import command as demo
from relance.cli.job_reports import commands as job_reports
from relance.cli.output import Output
from relance.cli.services import Services
from relance.runtime.exit import INTERRUPTED, NOBODY_READS, WRONG_USAGE

PROGRAM = "starter.py"
GROUPS = (
    *(bootstrap, dev, demo, start, events, cycle, why, schedules),
    *(alerts, job_reports, backtest, doctor, restored, watchdog),
)


def build() -> typer.Typer:
    """Return the whole command tree."""
    app = typer.Typer(
        name=PROGRAM,
        help=f"Relance {__version__}: recurring jobs and long-lived reminders on Temporal.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for group in GROUPS:
        group.register(app)
    return app


def run(services: Services, arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code (SPEC section 9)."""
    out = Output(as_json="--json" in arguments)
    try:
        code = build()(list(arguments), prog_name=PROGRAM, standalone_mode=False, obj=services)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        where = context.command_path if context is not None else PROGRAM
        return report(out, f"{_sentence(error)}; see `{where} --help`", WRONG_USAGE, {})
    except (typer.Abort, KeyboardInterrupt):
        return report(out, "interrupted", INTERRUPTED, {})
    except BrokenPipeError:
        return NOBODY_READS
    return int(code or 0)


def _sentence(error: typer.TyperException) -> str:
    return " ".join(error.format_message().split()).rstrip(".")
