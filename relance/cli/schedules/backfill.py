"""`schedules backfill`: past nominal times made up for, beside the Schedule's own; seen, counted and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Group
from temporalio.client import Client, WorkflowFailureError

from relance.cli.base.command import Run, command, invalid
from relance.cli.base.confirming import YesOption, confirm
from relance.cli.base.output import Answer, cell, table
from relance.cli.base.periods import far_away, read_instant, today
from relance.contracts.backfill import BackfillProgress
from relance.contracts.names import MONTHLY_SCHEDULE
from relance.domain.cycle.send_times import period_of_opening
from relance.errors import NotFound
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.temporal.backfills import (
    MOST,
    Times,
    backfill_handle,
    standing,
    start_backfill,
    stop_backfill,
    times_between,
)
from relance.temporal.schedules import DeclaredSchedule, declared
from relance.wording.summaries import counted

ASKED_ABOVE = 31
"""Runs: a month of days is made up for without a question."""
LOOK_EVERY = 0.5
SHOWN = 3
EXAMPLES = """
starter.py schedules backfill monthly-cycle --from 2026-10-25 --to 2026-10-25
starter.py schedules backfill paused-partner --from 2026-11-02 --to 2026-11-06 --dry-run
starter.py schedules backfill default-lp --stop
"""
ScheduleArgument = Annotated[str, typer.Argument(help="Which Schedule, see `schedules list`.", metavar="SCHEDULE")]


async def backfill(
    run: Run,
    schedule: ScheduleArgument,
    *,
    start: Annotated[str | None, typer.Option("--from", help="First day or instant, included.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day or instant, included; not in the future.")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Begin no further run of the backfill that goes on.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which nominal times these are.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Show the progress until all of them are made up for.")] = False,
    yes: YesOption = False,
) -> Answer:
    """Let a Schedule act for past nominal times, both ends included, one after the other; nothing is sent twice.

    The regular times go on meanwhile. Without --from and --to: how far the backfill of this Schedule is.
    """
    wanted = known_schedule(run, schedule)
    if start is None and end is None:
        if dry_run:
            invalid("--from", "it is missing", "name a day, see `schedules backfill --help`")
        client = await run.temporal()
        return await (_stopped(client, schedule) if stop else _standing(run, client, schedule, wait=wait))
    if stop:
        invalid("--stop", "it does not go together with --from and --to", "leave them out")
    if dry_run and wait:
        invalid("--wait", "a dry run has nothing to wait for", "leave --wait or --dry-run out")
    first, last = _span(run, wanted, start, end)
    client = await run.temporal()
    times = await times_between(client, schedule, first, last)
    if dry_run:
        return await _rehearsed(run, schedule, times)
    _check(run, schedule, times, yes=yes)
    handle = await start_backfill(client, wanted, times.times)
    if handle is None:
        invalid(
            "SCHEDULE",
            f"a backfill of {schedule} goes on already",
            f"see `schedules backfill {schedule}`, or --stop it",
        )
    sentence = (
        f"{schedule} acts for {counted(times.total, 'nominal time')}, {_ends(times)}, one after the other, beside its "
        f"regular ones. `schedules backfill {schedule}` shows how far it is, --stop ends it."
    )
    if not wait:
        data = {"schedule": schedule, "done": "backfilled", "runs": times.total, "from": first, "to": last}
        return Answer({**data, "workflow": handle.id, "message": sentence}, sentence)
    run.out.note(sentence)
    return await _standing(run, client, schedule, wait=True)


def known_schedule(run: Run, schedule: str) -> DeclaredSchedule:
    """Return a Schedule this installation has.

    Raises:
        InvalidInput: it has none of that name.
    """
    found = {job.id: job for job in declared(run.settings)}
    if schedule not in found:
        invalid("SCHEDULE", f"there is no Schedule {schedule!r}", f"choose one of: {', '.join(sorted(found))}")
    return found[schedule]


def _span(run: Run, wanted: DeclaredSchedule, start: str | None, end: str | None) -> tuple[datetime, datetime]:
    for field, text in (("--from", start), ("--to", end)):
        if text is None:
            invalid(field, "it is missing", "name a day, see `schedules backfill --help`")
    assert start is not None
    assert end is not None
    first, last = read_instant(start, "--from", wanted.zone), read_instant(end, "--to", wanted.zone, end=True)
    if last < first:
        invalid("--to", f"{end} lies before --from {start}", "swap the two")
    now = run.services.clock.now()
    # The day of today means its nominal times until now.
    if last > now and end == f"{today(now, wanted.zone)}":
        last = now
    for field, text, at in (("--from", start, first), ("--to", end, last)):
        if at > now:
            remedy = f"name an instant until now, {cell(now)}: what is to come, the Schedule does by itself"
            invalid(field, f"{text} lies in the future", remedy)
    return first, last


def _check(run: Run, schedule: str, times: Times, *, yes: bool) -> None:
    """Refuse no nominal time and too many, and have a person agree to many, and to far months.

    Raises:
        InvalidInput: there are none, too many, or nobody agrees.
    """
    if not times.times:
        invalid("--from", f"{schedule} has no nominal time in this span", "see its expression in `schedules list`")
    if times.too_many:
        invalid("--to", f"these are about {times.total:,} runs", f"take at most {MOST:,} at once")
    if len(times.times) > ASKED_ABOVE:
        confirm(run, f"these are {len(times.times)} runs of {schedule}, one after the other", yes=yes)
    elif schedule == MONTHLY_SCHEDULE:
        zone = run.settings.scheduling.default_zone
        periods = (period_of_opening(at, zone) for at in times.times)
        far = next((said for period in periods if (said := far_away(period, run.services.clock.now(), zone))), None)
        if far is not None:
            confirm(run, far, yes=yes)


async def _rehearsed(run: Run, schedule: str, times: Times) -> Answer:
    async with run.database() as database:
        known = await database.job_runs.recorded(schedule, times.times) if times.times else set()
    data = {
        "dry_run": True,
        "schedule": schedule,
        "runs": times.total,
        "exact": not times.too_many,
        "recorded": len(known),
        "times": list(times.times),
    }
    about = "about " if times.too_many else ""
    rows = [(at, "recorded" if at in known else "no record") for at in _shown(times.times)]
    lines = [
        f"{about}{counted(times.total, 'run')} of {schedule}; {len(known)} of the nominal times have a record, which "
        "only a run that went better replaces. Nothing was started: this was a dry run.",
    ]
    if times.too_many:
        lines.append(f"They are too many for one backfill, which takes {MOST:,}.")
    elif len(times.times) > ASKED_ABOVE:
        lines.append("The start asks first, or takes --yes.")
    view = table(f"Nominal times of {schedule}", ("nominal", "job run"), rows)
    return Answer({**data, "message": " ".join(lines)}, Group(view, *lines))


def _shown(times: Sequence[datetime]) -> list[datetime]:
    return list(times) if len(times) <= 2 * SHOWN else [*times[:SHOWN], *times[-SHOWN:]]


def _ends(times: Times) -> str:
    first, last = times.times[0], times.times[-1]
    return cell(first) if first == last else f"from {cell(first)} to {cell(last)}"


async def _stopped(client: Client, schedule: str) -> Answer:
    # The server takes the cancellation of what is over without a word.
    before = await standing(client, schedule)
    if before is None or not before.runs or not await stop_backfill(client, schedule):
        raise NotFound(f"SCHEDULE: no backfill of {schedule} goes on; there is nothing to stop")
    progress = before.progress
    sentence = (
        f"The backfill of {schedule} begins no further run{_how_far(progress)}. One that is under way ends by itself."
    )
    return Answer({"schedule": schedule, "done": "stopped", "progress": progress, "message": sentence}, sentence)


async def _standing(run: Run, client: Client, schedule: str, *, wait: bool) -> Answer:
    found = await standing(client, schedule)
    if found is None:
        raise NotFound(f"SCHEDULE: no backfill of {schedule} is known; start one with --from and --to")
    if wait and found.runs:
        await _watch(run, client, schedule)
        found = await standing(client, schedule) or found
    progress = found.progress
    state = "goes on" if found.runs else "is over"
    sentence = f"The backfill of {schedule} {state}{_how_far(progress)}."
    failed = progress is not None and progress.failed > 0
    data = {"schedule": schedule, "runs": found.runs, "progress": progress, "message": sentence}
    return Answer(data, sentence, JOB_FAILED if failed and not found.runs else DONE)


async def _watch(run: Run, client: Client, schedule: str) -> None:
    ended = asyncio.ensure_future(backfill_handle(client, schedule).result())
    with run.out.progress() as bar:
        task = bar.add_task(f"backfill of {schedule}", total=None, detail="")
        while True:
            await asyncio.wait([ended], timeout=LOOK_EVERY)
            found = await standing(client, schedule)
            if found is not None and found.progress is not None:
                now = f"now {cell(found.progress.now)}" if found.progress.now else ""
                bar.update(task, completed=found.progress.over, total=found.progress.total, detail=now)
            if ended.done():
                break
    # Stopped from elsewhere: how far it came is asked for next.
    if isinstance(ended.exception(), BaseException) and not isinstance(ended.exception(), WorkflowFailureError):
        await ended


def _how_far(progress: BackfillProgress | None) -> str:
    if progress is None:
        return "; no worker says how far it is"
    said = f": {progress.over} of {progress.total} nominal times"
    if progress.failed:
        said += f", {progress.failed} of them failed"
    if progress.running:
        said += f", {progress.running} ran already"
    return said


def backfill_words(found: Any) -> str | None:
    """Return for a list how far a backfill that goes on is; nothing of one that is over."""
    if found is None or not found.runs:
        return None
    progress = found.progress
    return f"{progress.over} of {progress.total}" if progress is not None else "goes on"


def register(group: typer.Typer) -> None:
    """Add the command to the group `schedules`."""
    command(group, "backfill", EXAMPLES)(backfill)
