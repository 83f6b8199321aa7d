"""Whom a command is about: one user's contact, a user, or a mailbox."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from relance.cli.base.command import Run, invalid
from relance.cli.base.resources import Repositories
from relance.domain.invitations.addresses import valid_address
from relance.ports.privacy import PersonLookup
from relance.services.privacy import Forgetting
from relance.temporal.privacy import TemporalPersonFollowUps

ContactOption = Annotated[str | None, typer.Option("--contact", help="One user's contact, by its id.")]
UserOption = Annotated[str | None, typer.Option("--user", help="A user, by the id.")]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address", help="A mailbox, with every contact and user it belongs to; - reads it from standard input."
    ),
]
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def find_person(
    database: Repositories, contact: str | None, user: str | None, address: str | None
) -> PersonLookup:
    """Return who is meant.

    Raises:
        InvalidInput: none of the three is given or several, or the one given is malformed.
    """
    if sum(value is not None for value in (contact, user, address)) != 1:
        invalid("--contact", "exactly one of it, --user and --address is needed", "name one of them")
    if address is not None:
        text = sys.stdin.readline().strip() if address == "-" else address.strip()
        if not valid_address(text):
            # Not quoted: what was typed may be an address all the same.
            invalid("--address", "this is no mail address", "write NAME@DOMAIN, without a display name")
        return await database.person_data.of_address(text)
    field, value = ("--contact", contact) if contact is not None else ("--user", user or "")
    if not _ID.fullmatch(value or ""):
        invalid(field, "this is no id: it has 1 to 64 letters, digits, `_` and `-`", "for an address use --address")
    data = database.person_data
    return await (data.of_contact(value or "") if contact is not None else data.of_user(value or ""))


async def forgetting_of(run: Run, database: Repositories) -> Forgetting:
    """Return what counts and forgets, on open connections."""
    client = await run.temporal()
    return Forgetting(
        data=database.person_data,
        erasures=database.erasures,
        follow_ups=TemporalPersonFollowUps(client, database.ledger),
        clock=run.services.clock,
    )
