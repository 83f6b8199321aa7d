"""`mail`: the mails and templates of one's own."""

from __future__ import annotations

import typer

from relance.cli.base.command import command
from relance.cli.mail.check import check
from relance.cli.mail.preview import preview
from relance.cli.mail.trial import trial

CHECK = """
starter.py mail check
starter.py mail check --templates deploy/templates/example --rehearsal
"""
PREVIEW = """
starter.py mail preview invitation --language fr
starter.py mail preview all --out /tmp/relance-mails
starter.py mail preview first --contact c0001 --open
"""
TEST = """
starter.py mail test --to me@example.org
starter.py mail test --to me@example.org --template second --language en --json
"""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True,
        help="The mails: check templates of one's own, preview each mail, send a trial to oneself.",
    )
    command(group, "check", CHECK, keyless=True)(check)
    command(group, "preview", PREVIEW, keyless=True)(preview)
    command(group, "test", TEST)(trial)
    app.add_typer(group, name="mail")
