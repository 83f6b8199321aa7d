"""`schedules preview`: when a user's invitations go out in the coming months, and why then."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from relance.cli.base.command import Run, command, invalid
from relance.cli.base.output import Answer, table
from relance.domain.cycle.send_times import Defaults, Note, SendTime, current_period, next_sends
from relance.domain.invitations.people import User
from relance.domain.zones import is_zone
from relance.settings import Settings
from relance.wording.reasons import NOTES

EXAMPLES = """
starter.py schedules preview --user u00012 --months 14
starter.py schedules preview --day 31 --time 02:30 --zone Europe/Paris
"""


def defaults(settings: Settings) -> Defaults:
    """Return what counts for users without preferences."""
    scheduling = settings.scheduling
    return Defaults(day=scheduling.default_day, time=scheduling.default_time, zone=scheduling.default_zone)


async def preview(
    run: Run,
    *,
    user: Annotated[str | None, typer.Option("--user", help="Whose sends; without it --day, --time, --zone.")] = None,
    months: Annotated[int, typer.Option("--months", min=1, max=120, help="How many periods.")] = 14,
    day: Annotated[int | None, typer.Option("--day", min=1, max=31, help="Day of the month.")] = None,
    time: Annotated[str | None, typer.Option("--time", help="Local time, HH:MM.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="Time zone, for example Europe/Paris.")] = None,
) -> Answer:
    """Show each coming send in local time and in UTC, with notes on clamped days and shifted hours."""
    preferences = (day, time, zone)
    if user is not None:
        if any(value is not None for value in preferences):
            invalid("--user", "it does not go together with --day, --time, --zone", "leave one of them out")
        found = await _user(run, user)
        preferences = (found.send_day, found.send_time, found.timezone)
    elif zone is not None and not is_zone(zone):
        invalid("--zone", f"{zone!r} is not a time zone of the IANA database", "write for example Europe/Paris")
    sends = _sends(run, months, preferences)
    if user is None and time is not None and Note.TIME_INVALID in sends[0][1].notes:
        invalid("--time", f"{time!r} is not a time", "write it as HH:MM, for example 18:00")
    return _answer(user, sends)


def _sends(run: Run, months: int, preferences: tuple[Any, Any, Any]) -> list[tuple[str, SendTime]]:
    day, time, zone = preferences
    fallback = defaults(run.settings)
    now = run.services.clock.now()
    first = current_period(now, zone if is_zone(zone) else fallback.zone)
    # The first period's send may have passed already.
    sends = next_sends(months + 1, first, day=day, time=time, zone=zone, defaults=fallback)
    return [(period, send) for period, send in sends if send.instant > now][:months]


async def _user(run: Run, user_id: str) -> User:
    async with run.database() as database:
        found = (await database.users.by_ids([user_id])).get(user_id)
    if found is None:
        invalid("--user", f"there is no user {user_id!r} in the database", "look the id up in the application")
    return found


def _answer(user: str | None, sends: list[tuple[str, SendTime]]) -> Answer:
    data = [
        {
            "period": period,
            "local": send.local.isoformat(timespec="minutes"),
            "zone": send.zone,
            "utc": send.instant,
            "notes": _notes(send),
        }
        for period, send in sends
    ]
    rows = [
        (period, f"{send.local:%a %Y-%m-%d %H:%M}", send.zone, send.instant, " ".join(_notes(send)))
        for period, send in sends
    ]
    title = f"Coming sends of user {user}" if user else "Coming sends"
    return Answer({"user": user, "sends": data}, table(title, ("period", "local time", "zone", "UTC", "note"), rows))


def _notes(send: SendTime) -> list[str]:
    return [f"{NOTES[note][0].upper()}{NOTES[note][1:]}." for note in send.notes]


def register(group: typer.Typer) -> None:
    """Add the command to the group `schedules`."""
    command(group, "preview", EXAMPLES)(preview)
