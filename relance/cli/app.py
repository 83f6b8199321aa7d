"""The command tree of `starter.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated

import typer

from relance import __version__
from relance.cli.base import echo
from relance.cli.base.command import report
from relance.cli.base.output import Output
from relance.cli.base.resources import Services
from relance.runtime.process_exit import INTERRUPTED, NOBODY_READS, WRONG_USAGE

PROGRAM = "starter.py"


@dataclass(frozen=True, slots=True)
class DeclaredCommand:
    """Which module under `relance.cli` declares a command or a group, and its line in the list of all."""

    module: str
    summary: str


COMMANDS: Mapping[str, DeclaredCommand] = {
    "bootstrap": DeclaredCommand(
        "operate.bootstrap",
        "Prepare Temporal and the database: retention, indexes, Schedules; on a fresh installation, the current "
        "period.",
    ),
    "dev": DeclaredCommand(
        "dev.dev",
        "Run the embedded stack and a worker until Ctrl-C, with sample people and sample traffic; print the addresses.",
    ),
    "demo": DeclaredCommand(
        "demo.command",
        "Run next month's cycle and both Everflow checks on the embedded stack, start to end, then the report.",
    ),
    "start": DeclaredCommand("start.cycle", "Start a job by hand."),
    "signal": DeclaredCommand(
        "invitations.events", "Record an event of an invitation: in the database first, then its follow-up hears of it."
    ),
    "cycle": DeclaredCommand("cycle.commands", "How the cycle of a period stands and ended, and its control."),
    "why": DeclaredCommand(
        "invitations.why", "Explain why something was sent or not, by which rule, and what comes next."
    ),
    "schedules": DeclaredCommand("schedules.commands", "The Schedules on the server, and previews of a user's sends."),
    "alerts": DeclaredCommand("alerts.commands", "Alerts, decisions about them, and the channels that carry them."),
    "report": DeclaredCommand("report.commands", "What jobs did, which alerts were noise, what reminders achieve."),
    "backtest": DeclaredCommand("backtest.backtest", "Try a check's rule on past days."),
    "quarantine": DeclaredCommand("quarantine.commands", "Documents that cannot be read, and another look at them."),
    "intake": DeclaredCommand("intake.commands", "Mail that came back, and what of it needs a person."),
    "console": DeclaredCommand("console.commands", "The console: a link to sign in with, and who is signed in."),
    "person": DeclaredCommand(
        "person.commands", "What is kept about a person, across every store; forgetting a person. Asks first."
    ),
    "doctor": DeclaredCommand(
        "operate.doctor",
        "Check the settings and every connection; says for each what to mend. With --mail: what production mail needs.",
    ),
    "restored": DeclaredCommand(
        "operate.restored",
        "Say that the database was put back to a backup; run it before any worker starts. Asks first.",
    ),
    "mail": DeclaredCommand(
        "mail.commands", "The mails: check templates of one's own, preview each mail, send a trial to oneself."
    ),
    "keys": DeclaredCommand("operate.keys", "The keys of opt-outs, links and payloads, by their fingerprints."),
    "versions": DeclaredCommand("operate.versions", "The versions of the worker, where worker versioning is on."),
    "watchdog": DeclaredCommand(
        "operate.watchdog",
        "Check that what the workers are there for happens: mails are accepted, jobs run, work is taken, people are "
        "told.",
    ),
}
"""A run imports the module of its own command only, and the list of all imports none: that is most of a start."""


def build(wanted: str = "") -> typer.Typer:
    """Return the command tree, or only the part of it that this command needs."""
    app = _root()
    for declared in [COMMANDS[wanted]] if wanted in COMMANDS else COMMANDS.values():
        import_module(f"relance.cli.{declared.module}").register(app)
    return app


def outline() -> typer.Typer:
    """Return the names and summaries of all commands: for the help, and for a name that is none."""
    app = _root()
    for name, declared in COMMANDS.items():
        app.command(name, help=declared.summary)(_listed)
    return app


def _root() -> typer.Typer:
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
    return app


def _listed() -> None:
    raise AssertionError("a command that is run is built from its module")


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


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def run(services: Services, arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code (SPEC section 9)."""
    echo.remember(arguments)
    out = Output(as_json="--json" in arguments)
    if any(not _is_text(argument) for argument in arguments):
        # As of a terminal or a script that writes Latin-1: no server would store it.
        return report(out, "an argument is not text in UTF-8; set the terminal to it and type it anew", WRONG_USAGE, {})
    try:
        tree = build(arguments[0]) if arguments and arguments[0] in COMMANDS else outline()
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
