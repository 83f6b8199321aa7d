"""`signal`: records what happened to an invitation."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from relance import ids
from relance.cli.base.command import Run, command
from relance.cli.base.output import Answer
from relance.domain.invitations.events import EventKind
from relance.services.events import EventIntake
from relance.temporal.follow_ups import TemporalFollowUps


class Event(StrEnum):
    """The events as they are typed."""

    OPENED = "opened"
    SUBMITTED = "submitted"
    OPTED_OUT = "opted-out"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


EXAMPLES = """
starter.py signal 2026-11.u00012.c00240 submitted
starter.py signal 2026-11.u00012.c00240 opted-out --json
"""


async def signal(
    run: Run,
    invitation_id: Annotated[str, typer.Argument(help="PERIOD.USER.CONTACT", metavar="INVITATION_ID")],
    event: Annotated[Event, typer.Argument(help="What happened.")],
) -> Answer:
    """Record an event of an invitation: in the database first, then its follow-up hears of it.

    Events may come in any order and more than once, before the follow-up exists and after it has ended.
    """
    ids.parse_invitation_id(invitation_id)
    kind = EventKind(event.value.replace("-", "_"))
    client = await run.temporal()
    async with run.database() as database:
        follow_ups = TemporalFollowUps(client, database.ledger)
        intake = EventIntake(
            ledger=database.ledger,
            contacts=database.contacts,
            suppressions=database.suppressions,
            follow_ups=follow_ups,
            clock=run.services.clock,
            outbox=database.outbox,
        )
        taken = await intake.take(invitation_id, kind)
    data = {
        "invitation_id": invitation_id,
        "event": kind.value,
        "changed": taken.entry_changed,
        "contact_changed": taken.contact_changed,
        "others_changed": taken.others_changed,
        "follow_ups_told": taken.follow_ups_told,
        "message": taken.sentence,
    }
    return Answer(data, taken.sentence)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "signal", EXAMPLES)(signal)
