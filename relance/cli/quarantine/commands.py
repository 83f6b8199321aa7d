"""`quarantine`: the documents that cannot be read, and another look at them."""

from __future__ import annotations

import typer

from relance.cli.base.command import command
from relance.cli.quarantine.listing import list_
from relance.cli.quarantine.retry import retry
from relance.cli.quarantine.show import show

LIST = """
starter.py quarantine list
starter.py quarantine list --collection contacts --limit 200 --json
"""
SHOW = """
starter.py quarantine show users u00012
starter.py quarantine show contacts ~3f9a01c2b7de --json
"""
RETRY = """
starter.py quarantine retry users u00012
starter.py quarantine retry --collection contacts
starter.py quarantine retry --all --json
"""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Documents that cannot be read, and another look at them.")
    command(group, "list", LIST, keyless=True)(list_)
    command(group, "show", SHOW, keyless=True)(show)
    command(group, "retry", RETRY)(retry)
    app.add_typer(group, name="quarantine")
