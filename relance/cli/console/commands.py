"""`console`: a link to sign in with, and who is signed in."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.alerts.decisions import ByOption
from relance.cli.alerts.silencing import read_author
from relance.cli.base.command import Run, command, invalid
from relance.cli.base.output import Answer
from relance.cli.console.sessions import add_sessions
from relance.domain.console.people import Role

EXAMPLES = """
starter.py console token
starter.py console token --role viewer --by dora --json
"""
RoleOption = Annotated[Role, typer.Option("--role", help="What may be done with it.")]


async def token(run: Run, *, role: RoleOption = Role.OPERATOR, by: ByOption = None) -> Answer:
    """Print a link that signs a browser in to the console: once, within ten minutes.

    Decisions made there are recorded under the name given here.
    """
    from relance.console.addresses import console_address
    from relance.settings.console import SignInWay

    settings = run.settings
    address = console_address(settings)
    if address is None:
        invalid("RELANCE_CONSOLE__SIGN_IN", "there is no console", "set it, and RELANCE_GATEWAY__PORT, for the worker")
    if settings.console.sign_in is not SignInWay.TOKEN:
        way = settings.console.sign_in
        invalid("RELANCE_CONSOLE__SIGN_IN", f"people sign in by {way}", f"open {address}, or set it to token")
    return Answer(*await _link(run, address, read_author(by), role))


async def new_link(run: Run) -> str | None:
    """Return a link that signs the person at this terminal in as operator; None where there is no console for it."""
    from relance.console.addresses import console_address
    from relance.settings.console import SignInWay

    address = console_address(run.settings)
    if address is None or run.settings.console.sign_in is not SignInWay.TOKEN:
        return None
    data, _ = await _link(run, address, read_author(None), Role.OPERATOR)
    return str(data["link"])


async def _link(run: Run, address: str, name: str, role: Role) -> tuple[dict[str, str], str]:
    from relance.console.addresses import LINK_FOR, sign_in_link

    expires_at = run.services.clock.now() + LINK_FOR
    async with run.database() as database:
        secret = await database.sign_ins.offer(name, role, expires_at)
    link = sign_in_link(address, secret)
    data = {"link": link, "role": role.value, "name": name, "expires_at": expires_at.isoformat()}
    return data, f"{link}\nIt signs in {name} as {role}, once, within ten minutes."


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The console: a link to sign in with, and who is signed in.")
    command(group, "token", EXAMPLES)(token)
    add_sessions(group)
    app.add_typer(group, name="console")
