"""What cannot be undone is asked: at a terminal with a question, anywhere else with `--yes`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from relance.cli.base.command import Run, invalid
from relance.errors import RelanceError

YesOption = Annotated[
    bool, typer.Option("--yes", help="Do not ask. Needed where nobody can be asked: in scripts and with --json.")
]


def can_ask(run: Run) -> bool:
    """Tell whether a person sits at the terminal."""
    return not run.out.as_json and sys.stdin.isatty() and sys.stdout.isatty()


def confirm(run: Run, what: str, *, yes: bool) -> None:
    """Have a person agree to `what`: a clause that says what follows, beginning with a small letter.

    Raises:
        InvalidInput: there is nobody to ask, and no `--yes`.
        RelanceError: the person does not agree.
    """
    if yes:
        return
    if not can_ask(run):
        invalid("--yes", what, "add --yes if that is meant")
    run.out.note(f"{what[0].upper()}{what[1:]}.")
    if not typer.confirm("Go on?", default=False):
        raise RelanceError("nothing was changed: it was not agreed to")
