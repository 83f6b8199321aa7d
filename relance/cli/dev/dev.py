"""`dev`: everything on one machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group

from relance.cli.base.command import Run, command
from relance.cli.base.output import Answer, table
from relance.cli.base.periods import today
from relance.cli.console.commands import new_link
from relance.cli.dev import exports
from relance.cli.dev.embedded import Embedded, be_awkward, embedded, load_people
from relance.cli.operate.bootstrap import bootstrap
from relance.cli.operate.restored import instant_of_backup, record_restore
from relance.devstack.parts import look_after
from relance.devstack.stack import Ports
from relance.errors import RelanceError
from relance.runtime.shutdown import stop_requested

EXAMPLES = """
starter.py dev
starter.py dev --data ~/relance-data --ui-port 8233
starter.py dev --env-file dev.env
"""

COMMANDS = (
    ("starter.py start cycle --now --dry-run", "who would be invited this month, who not and why"),
    ("starter.py start cycle --now --yes", "write to them at once, although this month's cycle is open already"),
    ("starter.py cycle list", "which months are open and what was sent; cycle status|entries|report go on from there"),
    ("starter.py start default-lp --wait", "look at yesterday's landing pages; the chat shows what is told"),
    ("starter.py start paused-partner --wait", "compare three days of revenue with a week before"),
    ("starter.py alerts list", "what is open; alerts show|ack|silence go on from there"),
    ("starter.py report jobs", "which runs of which job did what"),
    ("starter.py schedules list", "what comes when"),
)

LOOK_EVERY = 1.0

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
    everflow_port: PortOption = None,
    chat_port: PortOption = None,
    env_file: Annotated[
        Path | None,
        typer.Option("--env-file", metavar="FILE", help="Write the lines for other terminals there; it holds keys."),
    ] = None,
    restored_since: Annotated[
        str | None,
        typer.Option("--restored-since", help="When the backup was taken that --data was put back to; see restored."),
    ] = None,
) -> Answer:
    """Run the embedded stack and a worker until Ctrl-C, with sample people and sample traffic; print the addresses.

    A part that ends, by whatever hand, is started again on its port, three times in a row. The Schedules
    are active. On every day the sample traffic holds one finding for each check.
    """
    stop = stop_requested()
    ports = Ports(mongo_port, temporal_port, ui_port, smtp_port, mailbox_port, everflow_port, chat_port)
    folder = data.expanduser() if data else None
    now = run.services.clock.now()
    since = instant_of_backup(run, restored_since, now) if restored_since is not None else None

    async def notify_restore() -> None:
        if since is not None:
            await record_restore(Run(run.services, run.out), since, now, without_log=False, yes=True)

    run.out.note("Starting Temporal, MongoDB, the mailbox, Everflow, the chat and a worker ...")
    async with AsyncExitStack() as stack:
        with run.out.pulse.about("the servers and the worker"):
            place = await stack.enter_async_context(
                embedded(run, folder=folder, ports=ports, before_worker=notify_restore)
            )
        loaded = await load_people(run, place, users, contacts)
        await bootstrap(Run(run.services, run.out))
        answer = _addresses(place, await new_link(Run(run.services, run.out)))
        if loaded:
            run.out.note(f"Loaded {users} sample users with {contacts} contacts each.")
        if env_file is not None:
            exports.write(env_file.expanduser(), place.environment())
        run.out.answer(answer)
        if env_file is not None:
            run.out.note(f"The lines for other terminals are in {env_file}: `. {env_file}`")
        run.out.note("Ctrl-C stops everything; a part that ends before is started again.")
        keeping = asyncio.ensure_future(_keep_up(run, place))
        stopping = asyncio.ensure_future(stop.wait())
        with run.out.pulse.resting():
            await asyncio.wait([keeping, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
    return Answer({"stopped": True, **answer.data}, "Stopped.")


async def _keep_up(run: Run, place: Embedded) -> None:
    """Start again what ends, and move the sample traffic on to each new day."""
    parts = [*place.stack.parts, place.worker]
    for part in parts:
        if part.name == "the mailbox":
            part.mend = partial(be_awkward, place)
    while True:
        await look_after(parts, run.out.note)
        with suppress(RelanceError):
            # Everflow may be the part that is away.
            await place.network.keep_up(today(run.services.clock.now(), place.settings.everflow.timezone))
        await asyncio.sleep(LOOK_EVERY)


def _addresses(place: Embedded, link: str | None) -> Answer:
    rows = [*([("Console (sign in once)", link)] if link else []), *place.stack.describe()]
    view = Group(
        table("Addresses", ("what", "where"), rows),
        "For other terminals:",
        exports.shown(place.environment(), place.stack.environment()),
        table("There", ("command", "what it does"), COMMANDS),
    )
    return Answer({"addresses": dict(rows), "environment": place.environment()}, view)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "dev", EXAMPLES)(dev)
