"""`report`: of the jobs' runs, the alerts' noise, the reminders' effect; a cycle's own is in `reports`."""

from __future__ import annotations

import typer

from relance.cli.base.command import command
from relance.cli.report.jobs import jobs
from relance.cli.report.noise import noise
from relance.cli.report.reminders import reminders

JOBS = """
starter.py report jobs
starter.py report jobs --job default-lp --days 30 --json
"""
NOISE = """
starter.py report noise
starter.py report noise --days 30 --json
"""
REMINDERS = """
starter.py report reminders
starter.py report reminders --period 2026-11 --json
starter.py report reminders --save charts
"""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="What jobs did, which alerts were noise, what reminders achieve.")
    command(group, "jobs", JOBS)(jobs)
    command(group, "noise", NOISE)(noise)
    command(group, "reminders", REMINDERS)(reminders)
    app.add_typer(group, name="report")
