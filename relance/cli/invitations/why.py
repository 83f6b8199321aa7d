"""`why`: sentences a support person can read out, from the database alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from relance import ids
from relance.cli.base.command import Run, command, invalid
from relance.cli.base.output import Answer
from relance.cli.base.resources import Repositories
from relance.cli.schedules.preview import defaults
from relance.domain.cycle.planning import Plan
from relance.domain.cycle.send_times import current_period, next_period, send_time
from relance.domain.invitations.invitation import Invitation
from relance.domain.invitations.people import User
from relance.errors import NotFound
from relance.services.explaining import Explaining
from relance.wording.explain import explain_plan
from relance.wording.moments import moment

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


async def _invitation(run: Run, database: Repositories, key: ids.InvitationKey) -> list[str]:
    return (await _explaining(run, database).invitation(key)).sentences


def _explaining(run: Run, database: Repositories) -> Explaining:
    return Explaining(
        ledger=database.ledger,
        users=database.users,
        contacts=database.contacts,
        plans=database.plans,
        suppressions=database.suppressions,
        controls=database.controls,
        quarantine=database.quarantine,
        reports=database.intake_messages,
        clock=run.services.clock,
        timing=run.settings.scheduling.reminder_timing,
    )


async def _contact(run: Run, database: Repositories, contact_id: str) -> list[tuple[str, list[str]]]:
    contact = (await database.contacts.by_ids([contact_id])).get(contact_id)
    entries: Sequence[Invitation] = (await database.ledger.of_contact(contact_id))[:PERIODS]
    keys = [ids.parse_invitation_id(entry.id) for entry in entries]
    if contact is not None:
        coming = _coming(run, {key.period for key in keys})
        keys = [ids.InvitationKey(coming, contact.user_id, contact_id)] * bool(coming) + keys
    if not keys:
        await _explaining(run, database).refuse_unreadable("contacts", contact_id)
        raise NotFound(f"--contact: there is no contact {contact_id!r} in the database; check the id")
    return [(ids.invitation_id(*key), await _invitation(run, database, key)) for key in keys]


def _coming(run: Run, known: set[str]) -> str:
    current = current_period(run.services.clock.now(), run.settings.scheduling.default_zone)
    return "" if current in known or next_period(current) in known else current


async def _user(run: Run, database: Repositories, user_id: str) -> list[tuple[str, list[str]]]:
    user = (await database.users.by_ids([user_id])).get(user_id)
    plans = (await database.plans.of_user(user_id))[:PERIODS]
    if user is None and not plans:
        await _explaining(run, database).refuse_unreadable("users", user_id)
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
