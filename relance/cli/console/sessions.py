"""`console sessions`: who is signed in to the console, and ending that, as when somebody leaves."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.base.command import Run, command, invalid
from relance.cli.base.output import Answer, table
from relance.wording.summaries import counted

LIST = """
starter.py console sessions list
starter.py console sessions list --json
"""
END = """
starter.py console sessions end --who dora
starter.py console sessions end --all --json
"""
WhoOption = Annotated[str | None, typer.Option("--who", help="Whose sessions end: a name as `list` shows it.")]
AllOption = Annotated[bool, typer.Option("--all", help="Everybody's sessions end.")]


async def list_(run: Run) -> Answer:
    """Show who is signed in to the console, since when, how, with which role, and until when."""
    async with run.database() as database:
        found = await database.sessions.listed(run.services.clock.now())
    data = [
        {
            "name": session.person.name,
            "role": session.person.role.value,
            "way": session.person.way,
            "begun_at": session.begun_at.isoformat() if session.begun_at else None,
            "expires_at": session.expires_at.isoformat(),
        }
        for session in found
    ]
    if not found:
        return Answer({"sessions": []}, "Nobody is signed in to the console.")
    rows = [
        (session.person.name, session.person.role, session.person.way, session.begun_at, session.expires_at)
        for session in found
    ]
    return Answer({"sessions": data}, table("Signed in (times in UTC)", ("who", "role", "by", "since", "until"), rows))


async def end(run: Run, *, who: WhoOption = None, everybody: AllOption = False) -> Answer:
    """End the sessions of a person or of everybody: their next request has to sign in, open pages stop within seconds.

    A link that was printed for somebody and not used yet still works, for ten minutes at most.
    """
    if (who is None) is not everybody:
        invalid("--who", "exactly one of it and --all is needed", "name a person, or everybody")
    async with run.database() as database:
        ended = await database.sessions.end_of(who)
    whose = "of everybody" if who is None else f"of {who}"
    if not ended:
        return Answer({"ended": 0}, f"There was no session {whose}; `console sessions list` shows who is signed in.")
    return Answer({"ended": ended}, f"{counted(ended, 'session')} {whose} ended.")


def add_sessions(console: typer.Typer) -> None:
    """Add the commands to the group of the console."""
    group = typer.Typer(no_args_is_help=True, help="Who is signed in to the console, and ending that.")
    command(group, "list", LIST, keyless=True)(list_)
    command(group, "end", END, keyless=True)(end)
    console.add_typer(group, name="sessions")
