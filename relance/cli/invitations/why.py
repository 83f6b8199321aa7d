"""`why`: sentences a support person can read out, from the database alone."""

from __future__ import annotations

from typing import Annotated

import typer

from relance import ids
from relance.cli.base.command import Run, command, invalid
from relance.cli.base.output import Answer
from relance.cli.base.resources import Repositories
from relance.cli.schedules.preview import defaults
from relance.services.explaining import Explaining
from relance.services.people_explaining import PeopleExplaining

EXAMPLES = """
starter.py why 2026-11.u00012.c00240
starter.py why --contact c00240
starter.py why --user u00012 --json
"""


async def why(
    run: Run,
    invitation_id: Annotated[str | None, typer.Argument(help="PERIOD.USER.CONTACT", metavar="[INVITATION_ID]")] = None,
    contact: Annotated[str | None, typer.Option("--contact", help="All invitations of a contact.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="All plans of a user.")] = None,
) -> Answer:
    """Explain why something was sent or not, by which rule, and what comes next."""
    if sum(value is not None for value in (invitation_id, contact, user)) != 1:
        invalid("INVITATION_ID", "exactly one of it, --contact and --user is needed", "name one of them")
    key = ids.parse_invitation_id(invitation_id) if invitation_id is not None else None
    async with run.database() as database:
        explaining = _explaining(run, database)
        if key is not None:
            found = [(ids.invitation_id(*key), (await explaining.invitation(key)).sentences)]
        elif contact is not None:
            found = await PeopleExplaining(explaining, defaults(run.settings)).contact(contact)
        else:
            found = await PeopleExplaining(explaining, defaults(run.settings)).user(user or "")
    return _answer(found)


def _explaining(run: Run, database: Repositories) -> Explaining:
    return Explaining(database, run.services.clock, run.settings.scheduling.reminder_timing)


def _answer(found: list[tuple[str, list[str]]]) -> Answer:
    data = {"answers": [{"id": name, "sentences": sentences} for name, sentences in found]}
    text = "\n\n".join("\n".join([name, *(f"  {sentence}" for sentence in sentences)]) for name, sentences in found)
    return Answer(data, text)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "why", EXAMPLES)(why)
