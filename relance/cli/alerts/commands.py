"""`alerts`: what is wrong, who knows of it, and how people are notified."""

from __future__ import annotations

import typer

from relance.cli.alerts.channels import channels, enable
from relance.cli.alerts.decisions import ack, silence
from relance.cli.alerts.listing import list_
from relance.cli.alerts.routes import routes
from relance.cli.alerts.show import show
from relance.cli.alerts.unsilencing import unsilence
from relance.cli.base.command import command

LIST = """
starter.py alerts list
starter.py alerts list --all --days 7 --rule default-lp --json
"""
SHOW = """
starter.py alerts show default-lp/0.8.376
starter.py alerts show paused-partner --post
"""
ACK = """
starter.py alerts ack default-lp/0.8.376
starter.py alerts ack paused-partner --by dora --json
"""
SILENCE = """
starter.py alerts silence default-lp/0.8.376 --for 4h --reason "page is being replaced"
starter.py alerts silence --rule paused-partner --subject "37*" --until 2026-11-30 --reason "known pause"
starter.py alerts silence everflow-down --severity critical --for 1h --reason "their maintenance" --by dora
"""
UNSILENCE = """
starter.py alerts unsilence 3f9a1c
starter.py alerts unsilence default-lp/0.8.376
starter.py alerts unsilence --rule paused-partner
starter.py alerts unsilence --all --by dora --json
"""
CHANNELS = """
starter.py alerts channels --json
starter.py alerts channels --test
starter.py alerts channels --test slack mail:duty
"""
ROUTES = """
starter.py alerts routes
starter.py alerts routes --explain default-lp --severity high
"""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Alerts, decisions about them, and the channels that carry them.")
    command(group, "list", LIST)(list_)
    command(group, "show", SHOW)(show)
    command(group, "ack", ACK)(ack)
    command(group, "silence", SILENCE)(silence)
    command(group, "unsilence", UNSILENCE)(unsilence)
    command(group, "channels", CHANNELS)(channels)
    command(group, "routes", ROUTES, keyless=True)(routes)
    command(group, "enable", "starter.py alerts enable slack")(enable)
    app.add_typer(group, name="alerts")
