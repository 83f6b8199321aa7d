"""`person`: what is kept about somebody, and forgetting him."""

from __future__ import annotations

import typer

from relance.cli.base.command import command
from relance.cli.person.export import export
from relance.cli.person.forget import forget
from relance.cli.person.records import records

FORGET = """
starter.py person forget --contact c00240 --dry-run
starter.py person forget --user u00012 --reason "ticket 4711" --yes
starter.py person forget --address - --reason "ticket 4712" --yes --json
"""
EXPORT = """
starter.py person export --contact c00240
starter.py person export --address - --json
"""
RECORDS = """
starter.py person records
starter.py person records --limit 10 --json
"""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True, help="What is kept about a person, across every store; forgetting a person. Asks first."
    )
    command(group, "forget", FORGET)(forget)
    command(group, "export", EXPORT)(export)
    command(group, "records", RECORDS, keyless=True)(records)
    app.add_typer(group, name="person")
