"""`intake`: mail that came back, read by hand, and what nobody could attribute."""

from __future__ import annotations

import typer

from relance.cli.base.command import command
from relance.cli.intake.listing import list_
from relance.cli.intake.read import read
from relance.cli.intake.show import show

READ = """
starter.py intake read /var/mail/bounces --dry-run
starter.py intake read report.eml --json
"""
LIST = """
starter.py intake list
starter.py intake list --outcome about_us --json
"""
SHOW = """
starter.py intake show 3f9a01c2b7de
starter.py intake show 3f9a01c2b7de --raw
"""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Mail that came back, and what of it needs a person.")
    command(group, "read", READ)(read)
    command(group, "list", LIST, keyless=True)(list_)
    command(group, "show", SHOW, keyless=True)(show)
    app.add_typer(group, name="intake")
