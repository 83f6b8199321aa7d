"""`restored`: records a restore of the database, so that mails sent since the backup are not sent again (SPEC I2)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Group

from relance.cli.base.command import Run, command, invalid
from relance.cli.base.confirming import YesOption, confirm
from relance.cli.base.output import Answer, cell
from relance.cli.base.periods import read_instant
from relance.domain.invitations.restore import Restore
from relance.errors import DependencyUnavailable
from relance.ports import Knowledge

EXAMPLES = """
starter.py restored --since 2026-11-05T18:30
starter.py restored --since 2026-11-05T17:30Z --without-log --yes
"""
ASKED = "<restored@relance.invalid>"

SinceOption = Annotated[
    str, typer.Option("--since", help="When the backup was taken; without an offset in the default zone.")
]
WithoutLogOption = Annotated[
    bool, typer.Option("--without-log", help="Go on although the relay's log cannot tell what was sent since.")
]


async def restored(
    run: Run, *, since: SinceOption, without_log: WithoutLogOption = False, yes: YesOption = False
) -> Answer:
    """Say that the database was put back to a backup; run it before any worker starts. Asks first.

    Mails that were due until now and of which the database knows nothing are in doubt from then on: each is looked up
    at the relay's log before it is sent. Without a log invitations are sent again, with the same Message-ID, and
    reminders are not.
    """
    now = run.services.clock.now()
    return await record_restore(run, instant_of_backup(run, since, now), now, without_log=without_log, yes=yes)


def instant_of_backup(run: Run, since: str, now: datetime) -> datetime:
    """Return the instant a person typed.

    Raises:
        InvalidInput: it is none, or lies ahead.
    """
    found = read_instant(since, "--since", run.settings.scheduling.default_zone)
    if found > now:
        invalid("--since", f"{since} lies in the future", "name the instant at which the backup was taken")
    return found


async def record_restore(run: Run, since: datetime, now: datetime, *, without_log: bool, yes: bool) -> Answer:
    """Record a restore, unless the relay's log does not reach back to the backup.

    Raises:
        InvalidInput: it does not, and nobody said that this is known; or nobody agrees.
        DependencyUnavailable: the database or the log.
    """
    covered = await _is_covered(run, since)
    if not covered and not without_log:
        invalid(
            "--since",
            f"no relay log covers the time since {cell(since)}, so invitations sent since then would be sent again",
            "set RELANCE_RELAY_LOG__KIND and bring back its rotated files, or add --without-log",
        )
    confirm(
        run, f"every mail that was due since {cell(since)} and of which the database knows nothing is in doubt", yes=yes
    )
    async with run.database() as database:
        await database.restores.record(Restore(since=since, at=now))
    what = (
        "looked up at the relay's log before they are sent"
        if covered
        else "sent again if they are invitations, with the same Message-ID, and left unsent if they are reminders"
    )
    view = Group(
        f"The database counts as put back to its state of {cell(since)}.",
        f"Mails that were due from then until {cell(now)}, and of which it knows nothing, are {what}.",
        "Workers may be started now.",
    )
    return Answer({"since": since, "at": now, "relay_log": covered}, view)


async def _is_covered(run: Run, since: datetime) -> bool:
    """Return whether the log is sure that a mail nobody ever sent did not arrive since then."""
    async with run.services.relay_log(run.settings) as log:
        if log is None:
            return False
        try:
            found = await log.find([ASKED], since)
        except DependencyUnavailable as error:
            run.out.side.print(f"the relay's log cannot be read: {error}")
            return False
    return found[ASKED].knowledge is Knowledge.ABSENT


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "restored", EXAMPLES)(restored)
