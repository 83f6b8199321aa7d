"""The command tree of `starter.py`."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from relance import __version__
from relance.cli import bootstrap, cycle, doctor, events, schedules, start, why
from relance.cli.command import report
from relance.cli.output import Output
from relance.cli.services import Services

PROGRAM = "starter.py"


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
    for group in (bootstrap, start, events, cycle, why, schedules, doctor):
        group.register(app)
    return app


def run(services: Services, arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code (SPEC section 9)."""
    try:
        code = build()(list(arguments), prog_name=PROGRAM, standalone_mode=False, obj=services)
    except typer.TyperException as error:
        usage = getattr(error, "ctx", None)
        where = usage.command_path if usage is not None else PROGRAM
        sentence = f"{error.format_message().strip()} See `{where} --help`."
        return report(Output(as_json="--json" in arguments), sentence, getattr(error, "exit_code", 2), {})
    except typer.Abort:
        return report(Output(as_json="--json" in arguments), "interrupted", 130, {})
    return int(code or 0)
