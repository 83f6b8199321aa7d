"""`why`: sentences a support person can read out, from the database alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from relance import ids
from relance.cli.command import Run, command, invalid
from relance.cli.output import Answer
from relance.cli.preview import defaults
from relance.cli.services import Database
from relance.domain.explain import explain_invitation, explain_plan, moment
from relance.domain.invitation import Invitation
from relance.domain.people import User
from relance.domain.plan import Plan
from relance.domain.send_times import current_period, next_period, send_time
from relance.errors import NotFound

PERIODS = 6
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
        if key is not None:
            found = [(ids.invitation_id(*key), await _invitation(run, database, key))]
        elif contact is not None:
            found = await _contact(run, database, contact)
        else:
            found = await _user(run, database, user or "")
    return _answer(found)


async def _invitation(run: Run, database: Database, key: ids.InvitationKey) -> list[str]:
    invitation = await database.ledger.get(ids.invitation_id(*key))
    user = (await database.users.by_ids([key.user_id])).get(key.user_id)
    contact = (await database.contacts.by_ids([key.contact_id])).get(key.contact_id)
    if invitation is None and (user is None or contact is None):
        broken = ("users", key.user_id) if user is None else ("contacts", key.contact_id)
        await _refuse_unreadable(database, *broken)
        what = f"user {key.user_id!r}" if user is None else f"contact {key.contact_id!r}"
        raise NotFound(f"INVITATION_ID: neither the invitation nor {what} is in the database; check the id")
    plans = [plan for plan in await database.plans.of_user(key.user_id) if plan.period == key.period]
    email = contact.email if contact is not None else ""
    return explain_invitation(
        invitation,
        user=user,
        contact=contact,
        plan=plans[0] if plans else None,
        suppressed=bool(email and await database.suppressions.suppressed([email])),
        now=run.services.clock.now(),
        timing=run.settings.scheduling.reminder_timing,
        control=await database.controls.get(key.period),
        moved=bool(email and invitation and not invitation.may_have_reached(database.suppressions.mailboxes(email))),
    )


async def _contact(run: Run, database: Database, contact_id: str) -> list[tuple[str, list[str]]]:
    contact = (await database.contacts.by_ids([contact_id])).get(contact_id)
    entries: Sequence[Invitation] = (await database.ledger.of_contact(contact_id))[:PERIODS]
    keys = [ids.parse_invitation_id(entry.id) for entry in entries]
    if contact is not None:
        coming = _coming(run, {key.period for key in keys})
        keys = [ids.InvitationKey(coming, contact.user_id, contact_id)] * bool(coming) + keys
    if not keys:
        await _refuse_unreadable(database, "contacts", contact_id)
        raise NotFound(f"--contact: there is no contact {contact_id!r} in the database; check the id")
    return [(ids.invitation_id(*key), await _invitation(run, database, key)) for key in keys]


async def _refuse_unreadable(database: Database, collection: str, document_id: str) -> None:
    """Say that a document is there and cannot be read, if that is so.

    Raises:
        NotFound: it is so.
    """
    if await database.quarantine.named(collection, document_id) is not None:
        command = f"starter.py quarantine show {collection} {document_id}"
        raise NotFound(
            f"{document_id!r} of {collection} cannot be read, so nothing is sent for it; `{command}` says why"
        )


def _coming(run: Run, known: set[str]) -> str:
    current = current_period(run.services.clock.now(), run.settings.scheduling.default_zone)
    return "" if current in known or next_period(current) in known else current


async def _user(run: Run, database: Database, user_id: str) -> list[tuple[str, list[str]]]:
    user = (await database.users.by_ids([user_id])).get(user_id)
    plans = (await database.plans.of_user(user_id))[:PERIODS]
    if user is None and not plans:
        await _refuse_unreadable(database, "users", user_id)
        raise NotFound(f"--user: there is no user {user_id!r} in the database; check the id")
    now = run.services.clock.now()
    found = [(plan.id, explain_plan(plan, now)) for plan in plans]
    if user is not None:
        found.insert(0, (user_id, _outlook(run, user, plans)))
    return found


def _outlook(run: Run, user: User, plans: Sequence[Plan]) -> list[str]:
    lines = [] if user.is_active else ["The user's account is not active: nothing is sent for it."]
    if not user.reminder_settings.enabled:
        lines.append("The user has switched reminders off.")
    period = current_period(run.services.clock.now(), run.settings.scheduling.default_zone)
    period = max([period, *(next_period(plan.period) for plan in plans)])
    time = send_time(
        period, day=user.send_day, time=user.send_time, zone=user.timezone, defaults=defaults(run.settings)
    )
    if user.is_active and time.instant > run.services.clock.now():
        lines.append(f"The first period not planned yet is {period}: it is due {moment(time.instant, time.zone)}.")
    return lines


def _answer(found: list[tuple[str, list[str]]]) -> Answer:
    data = {"answers": [{"id": name, "sentences": sentences} for name, sentences in found]}
    text = "\n\n".join("\n".join([name, *(f"  {sentence}" for sentence in sentences)]) for name, sentences in found)
    return Answer(data, text)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "why", EXAMPLES)(why)
