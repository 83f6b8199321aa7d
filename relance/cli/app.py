"""The command tree of `starter.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated

import typer

from relance import __version__
from relance.cli import echo
from relance.cli.command import report
from relance.cli.output import Output
from relance.cli.services import Services
from relance.runtime.exit import INTERRUPTED, NOBODY_READS, WRONG_USAGE

PROGRAM = "starter.py"
COMMANDS: Mapping[str, str] = {
    "bootstrap": "bootstrap",
    "dev": "dev",
    "demo": "demo.command",
    "start": "start",
    "signal": "events",
    "cycle": "cycle.commands",
    "why": "why",
    "schedules": "schedules",
    "alerts": "alerts.commands",
    "report": "job_reports.commands",
    "backtest": "checks.backtest",
    "quarantine": "quarantine.commands",
    "doctor": "doctor",
    "restored": "restored",
    "keys": "keys",
    "watchdog": "watchdog",
}
"""Which module declares each command: a run imports its own only, which halves the time to its first word."""


def build(wanted: str = "") -> typer.Typer:
    """Return the command tree, or only the part of it that this command needs."""
    app = typer.Typer(
        name=PROGRAM,
        help=f"Relance {__version__}: recurring jobs and long-lived reminders on Temporal.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    # Without it a tree of one command would be that command.
    app.callback()(_together)
    for module in [COMMANDS[wanted]] if wanted in COMMANDS else COMMANDS.values():
        import_module(f"relance.cli.{module}").register(app)
    return app


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - called by typer
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _together(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass


def run(services: Services, arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code (SPEC section 9)."""
    echo.remember(arguments)
    out = Output(as_json="--json" in arguments)
    try:
        tree = build(arguments[0] if arguments else "")
        code = tree(list(arguments), prog_name=PROGRAM, standalone_mode=False, obj=services)
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
    # Without a command the help is shown, and the error has no words.
    return " ".join(error.format_message().split()).rstrip(".") or "a command is missing"
