"""`schedules`: the Schedules on the server, and a look ahead at a user's sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from relance.cli.base.command import Run, command, invalid
from relance.cli.base.output import Answer, cell, table
from relance.cli.schedules import backfill, preview
from relance.cli.schedules.backfill import ScheduleArgument, backfill_words, known_schedule
from relance.cli.schedules.openings import Missed, OpenMissedOption, find_missed, settle_missed
from relance.contracts.names import MONTHLY_SCHEDULE
from relance.temporal import schedule_times
from relance.temporal import schedules as server
from relance.temporal.backfills import BackfillStatus, standing

APPLY_EXAMPLES = """
starter.py schedules apply
starter.py schedules apply --open-missed --json
"""
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept as the Schedule's note.")]

SHOWN = 3
LONGEST_REASON = 200


async def list_(run: Run) -> Answer:
    """Show every Schedule: when it acts next, when it last did, what it missed, whether it is paused and why."""
    client = await run.temporal()
    lines = await server.lines(client, run.settings)
    backfills = {line.id: await standing(client, line.id) for line in lines}
    columns = ("schedule", "cron", "zone", "next", "last nominal", "last start", "missed", "paused", "note", "backfill")
    rows = [
        (
            line.id,
            line.cron,
            line.zone,
            line.next_times[0] if line.next_times else None,
            line.last_nominal,
            line.last_started,
            line.missed,
            line.paused if line.present else "not on the server: run `schedules apply`",
            line.note,
            backfill_words(backfills[line.id]),
        )
        for line in lines
    ]
    data = [{**asdict(line), "backfill": _going_on(backfills[line.id])} for line in lines]
    return Answer({"schedules": data}, table("Schedules", columns, rows))


async def apply(run: Run, *, open_missed: OpenMissedOption = None) -> Answer:
    """Create the declared Schedules or bring them up to date; a pause and its note stay as they are.

    Says which nominal times a changed cron expression leaves out, and which months nothing opens any more.
    """
    client = await run.temporal()
    applied = await server.apply(client, run.settings)
    before = next((schedule.before for schedule in applied if schedule.id == MONTHLY_SCHEDULE), ())
    missed = await settle_missed(run, client, await find_missed(run, client, before), open_missed)
    rows = [
        (schedule.id, schedule.change, schedule.paused, schedule.note, _times(schedule.left_out))
        for schedule in applied
    ]
    view = table("Schedules", ("schedule", "done", "paused", "note", "leaves out"), rows)
    data = {
        "schedules": [
            {
                "id": schedule.id,
                "change": schedule.change,
                "paused": schedule.paused,
                "note": schedule.note,
                **_counted(schedule.left_out),
            }
            for schedule in applied
        ],
        "missed": [period.as_dict() for period in missed],
    }
    return Answer(data, _with_missed(view, missed))


async def pause(run: Run, schedule: ScheduleArgument, reason: ReasonOption) -> Answer:
    """Stop a Schedule; what it would have done meanwhile is not made up for (see `backfill`)."""
    known_schedule(run, schedule)
    note, client = _text(reason), await run.temporal()
    await server.pause(client, schedule, note)
    coming = await schedule_times.coming(client, schedule, run.services.clock.now())
    said = f"; it will not act on {cell(coming)} unless it is resumed before" if coming is not None else ""
    data = {"schedule": schedule, "done": "paused", "will_not_act_on": coming}
    return Answer(data, f"{schedule} is paused: {note}{said}.")


async def resume(
    run: Run,
    schedule: ScheduleArgument,
    reason: ReasonOption = server.MANAGED,
    *,
    open_missed: OpenMissedOption = None,
) -> Answer:
    """Let a paused Schedule act again; says what it did not do meanwhile, and which months nothing opens any more."""
    known_schedule(run, schedule)
    note, client = _text(reason), await run.temporal()
    over = await schedule_times.passed_over(client, schedule, run.services.clock.now())
    await server.resume(client, schedule, note)
    missed: Sequence[Missed] = ()
    if schedule == MONTHLY_SCHEDULE:
        missed = await settle_missed(run, client, await find_missed(run, client, over), open_missed)
    data = {
        "schedule": schedule,
        "done": "resumed",
        **_counted(over),
        "missed": [period.as_dict() for period in missed],
    }
    said = f" It left out {_times(over)}; make up for it with `schedules backfill`." if over else ""
    return Answer(data, _with_missed(Text(f"{schedule} acts again.{said}"), missed))


async def trigger(run: Run, schedule: ScheduleArgument) -> Answer:
    """Let a Schedule act once, now."""
    known_schedule(run, schedule)
    client = await run.temporal()
    await server.trigger(client, schedule)
    return _done(schedule, "triggered", f"{schedule} acts now; what is there already is not done twice.")


def _going_on(found: BackfillStatus | None) -> object:
    """Return for machines how far a backfill that goes on is."""
    return found.progress if found is not None and found.runs else None


def _times(times: Sequence[datetime]) -> str:
    """Return nominal times for people: the first three, and how many more."""
    shown = ", ".join(cell(at) for at in times[:SHOWN])
    return f"{shown} and {len(times) - SHOWN} more" if len(times) > SHOWN else shown


def _counted(times: Sequence[datetime]) -> dict[str, Any]:
    return {"left_out": len(times), "left_out_times": times[:SHOWN]}


def _with_missed(view: RenderableType, missed: Sequence[Missed]) -> RenderableType:
    return Group(view, *(Text(period.sentence, style="" if period.opened else "red") for period in missed))


def _text(reason: str) -> str:
    words = " ".join(reason.split())
    if not words:
        invalid("--reason", "it is empty", "say in a few words why")
    if len(words) > LONGEST_REASON:
        invalid("--reason", f"it is longer than {LONGEST_REASON} characters", "say it in fewer words")
    return words


def _done(schedule: str, what: str, sentence: str) -> Answer:
    return Answer({"schedule": schedule, "done": what}, sentence)


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The Schedules on the server, and previews of a user's sends.")
    command(group, "list", "starter.py schedules list --json")(list_)
    command(group, "apply", APPLY_EXAMPLES)(apply)
    command(group, "pause", 'starter.py schedules pause monthly-cycle --reason "relay moves house"')(pause)
    command(group, "resume", "starter.py schedules resume monthly-cycle")(resume)
    command(group, "trigger", "starter.py schedules trigger default-lp")(trigger)
    backfill.register(group)
    preview.register(group)
    app.add_typer(group, name="schedules")
