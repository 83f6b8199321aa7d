"""`report jobs`: that every nominal time of every job ended in one record, and in which (SPEC H3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.alerts.listing import READ
from relance.cli.command import Run
from relance.cli.instants import local, local_and_utc
from relance.cli.output import Answer, table
from relance.contracts.names import MONTHLY_SCHEDULE, CheckName
from relance.domain.job_run import JobRun
from relance.domain.zones import zone_info
from relance.settings import Settings

SHOWN = 50
STATES = ("ran", "late", "failed", "skipped")


async def jobs(
    run: Run,
    job: Annotated[str | None, typer.Option("--job", help="Of this job only.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days back.")] = 7,
) -> Answer:
    """Show the runs of the scheduled jobs: for which nominal time, how each ended, and how late it was."""
    end = run.services.clock.now()
    start = end - timedelta(days=days)
    async with run.database() as database:
        runs = await database.job_runs.runs(job=job, since=start, limit=READ)
    zones = _zones(run.settings)
    totals = _totals(runs)
    data = {
        "from": start,
        "to": end,
        "runs": [_data(one, zones) for one in runs],
        "jobs": {name: dict(counts) for name, counts in totals.items()},
    }
    return Answer(data, _view(runs, totals, zones))


def late_by(run: JobRun) -> timedelta:
    """Return how long after its nominal time a run was recorded."""
    return run.at - run.nominal


def _zones(settings: Settings) -> Mapping[str, str]:
    checks = dict.fromkeys((str(check) for check in CheckName), settings.everflow.timezone)
    return {MONTHLY_SCHEDULE: settings.scheduling.default_zone, **checks}


def _totals(runs: Iterable[JobRun]) -> dict[str, Counter[str]]:
    totals: dict[str, Counter[str]] = {}
    for run in runs:
        counts = totals.setdefault(run.job, Counter(dict.fromkeys(("runs", *STATES), 0)))
        counts.update(["runs", _kind(run.state)])
    return dict(sorted(totals.items()))


def _kind(state: str) -> str:
    # A skipped run names its reason: `skipped(missed)`.
    return state.partition("(")[0]


def _data(run: JobRun, zones: Mapping[str, str]) -> dict[str, Any]:
    zone = zones.get(run.job, "UTC")
    return {**run.model_dump(mode="json"), "nominal_local": local_and_utc(run.nominal, zone), "late_by": late_by(run)}


def _view(runs: Sequence[JobRun], totals: Mapping[str, Mapping[str, int]], zones: Mapping[str, str]) -> Group:
    if not runs:
        return Group("No job has recorded a run in this time.")
    columns = ("job", "nominal", "there", "state", "recorded", "after", "details")
    rows = [
        (
            Text(run.job),
            local(run.nominal, "UTC"),
            _there(run, zones.get(run.job, "UTC")),
            Text(run.state),
            f"{run.at:%Y-%m-%d %H:%M:%S}",
            # By hand, a run may be made before its time of the day.
            late_by(run) if run.at >= run.nominal else "early",
            Text(_details(run) or "-"),
        )
        for run in runs[:SHOWN]
    ]
    parts: list[Any] = [table("Job runs (times in UTC, and where a zone is named)", columns, rows)]
    if len(runs) > SHOWN:
        parts.append(f"… and {len(runs) - SHOWN} more: --job and --days narrow it, --json has them all.")
    per_job = [(Text(job), *(counts[name] for name in ("runs", *STATES))) for job, counts in totals.items()]
    return Group(*parts, table("Per job", ("job", "runs", "ok", *STATES[1:]), per_job))


def _there(run: JobRun, zone: str) -> str:
    there = run.nominal.astimezone(zone_info(zone))
    return f"{there:%H:%M} {zone}" if there.date() == run.nominal.date() else f"{there:%Y-%m-%d %H:%M} {zone}"


def _details(run: JobRun) -> str:
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in sorted(run.detail.items()))
