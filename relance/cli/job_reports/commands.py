"""`report`: the reports over days, of the jobs' runs and of the alerts' noise; a cycle's own is in `reports`."""

from __future__ import annotations

import typer

from relance.cli.command import command
from relance.cli.job_reports.jobs import jobs
from relance.cli.job_reports.noise import noise

JOBS = """
starter.py report jobs
starter.py report jobs --job default-lp --days 30 --json
"""
NOISE = """
starter.py report noise
starter.py report noise --days 30 --json
"""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="What the jobs did, and which alerts were only noise.")
    command(group, "jobs", JOBS)(jobs)
    command(group, "noise", NOISE)(noise)
    app.add_typer(group, name="report")
