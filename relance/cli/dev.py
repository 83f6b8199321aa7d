"""`dev`: everything on one machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group

from relance.cli.bootstrap import bootstrap
from relance.cli.command import Run, command
from relance.cli.embedded import Embedded, check_worker, embedded, load_people
from relance.cli.output import Answer, table
from relance.devstack.stack import Ports
from relance.runtime.shutdown import stop_requested

EXAMPLES = """
starter.py dev
starter.py dev --data ~/relance-data --ui-port 8233
"""

PortOption = Annotated[int | None, typer.Option(min=1, max=65535, help="Port; without it a free one.")]


async def dev(
    run: Run,
    *,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder that keeps the data; else it is thrown away.")
    ] = None,
    users: Annotated[int, typer.Option("--users", min=1, max=100_000, help="Sample users.")] = 40,
    contacts: Annotated[int, typer.Option("--contacts", min=1, max=1000, help="Sample contacts per user.")] = 5,
    temporal_port: PortOption = None,
    ui_port: PortOption = None,
    mongo_port: PortOption = None,
    smtp_port: PortOption = None,
    mailbox_port: PortOption = None,
) -> Answer:
    """Run the embedded stack and a worker until Ctrl-C, with sample people, and print the addresses."""
    stop = stop_requested()
    ports = Ports(mongo_port, temporal_port, ui_port, smtp_port, mailbox_port)
    folder = data.expanduser() if data else None
    run.out.note("Starting Temporal, MongoDB, the mailbox and a worker ...")
    async with embedded(run, folder=folder, ports=ports) as place:
        loaded = await load_people(run, place, users, contacts)
        await bootstrap(Run(run.services, run.out))
        answer = _addresses(place)
        if loaded:
            run.out.note(f"Loaded {users} sample users with {contacts} contacts each.")
        run.out.answer(answer)
        run.out.note("Ctrl-C stops everything.")
        while not stop.is_set():
            check_worker(place)
            await asyncio.wait([asyncio.ensure_future(stop.wait())], timeout=1.0)
    return Answer({"stopped": True, **answer.data}, "Stopped.")


def _addresses(place: Embedded) -> Answer:
    rows = place.stack.describe()
    view = Group(table("Addresses", ("what", "where"), rows), "For other terminals:", place.exports())
    return Answer({"addresses": dict(rows), "environment": place.environment()}, view)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "dev", EXAMPLES)(dev)
