"""`report jobs`: that every nominal time of every job ended in one record, and how the runs went (SPEC H3, H5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from relance.cli.alerts.listing import READ
from relance.cli.base.command import Run, invalid
from relance.cli.base.instants import local, local_and_utc
from relance.cli.base.output import Answer, table
from relance.contracts.names import MONTHLY_SCHEDULE, CheckName, JobName
from relance.domain.jobs.run import JobRun
from relance.domain.jobs.statistics import DURATION, JobStatistics, statistics_of
from relance.domain.zones import zone_info
from relance.settings import Settings

SHOWN = 50
SHOWN_PER_JOB = 8
"""The health check alone has hundreds a day: it must not push the others off the screen."""
COLUMNS = ("job", "runs", "ok", "late", "failed", "skipped", "missed", "mended", "success", "median", "95 %")


async def jobs(
    run: Run,
    job: Annotated[str | None, typer.Option("--job", help="Of this job only.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days back.")] = 7,
) -> Answer:
    """Show the scheduled jobs: how each nominal time ended, how late, and per job how reliable and how fast it was."""
    zones = _zones(run.settings)
    if job is not None and job not in zones:
        invalid("--job", f"there is no job {job!r}", f"choose one of: {', '.join(sorted(zones))}")
    end = run.services.clock.now()
    start = end - timedelta(days=days)
    async with run.database() as database:
        of_each = [
            await database.job_runs.runs(job=name, since=start, limit=READ) for name in ([job] if job else zones)
        ]
    runs = sorted(
        (job_run for those in of_each for job_run in those),
        key=lambda job_run: (-job_run.nominal.timestamp(), job_run.job),
    )
    totals, cut = statistics_of(runs), [those[0].job for those in of_each if len(those) == READ]
    data = {
        "from": start,
        "to": end,
        "runs": [_data(job_run, zones) for job_run in runs],
        "jobs": {
            statistics.job: {name: value for name, value in asdict(statistics).items() if name != "job"}
            for statistics in totals
        },
        "cut": cut,
    }
    shown = runs[:SHOWN] if job else _newest_of_each(runs)
    return Answer(data, _view(runs, shown, totals, zones, cut))


def _newest_of_each(runs: Sequence[JobRun]) -> list[JobRun]:
    seen: Counter[str] = Counter()
    shown = []
    for run in runs:
        seen[run.job] += 1
        if seen[run.job] <= SHOWN_PER_JOB:
            shown.append(run)
    return shown


def late_by(run: JobRun) -> timedelta:
    """Return how long after its nominal time a run was recorded."""
    return run.at - run.nominal


def _zones(settings: Settings) -> Mapping[str, str]:
    """Return every job that there can be, with the zone of its Schedule."""
    checks = dict.fromkeys((str(check) for check in CheckName), settings.everflow.timezone)
    own = dict.fromkeys((MONTHLY_SCHEDULE, *(str(job) for job in JobName)), settings.scheduling.default_zone)
    return {**own, **checks}


def _data(run: JobRun, zones: Mapping[str, str]) -> dict[str, Any]:
    zone = zones.get(run.job, "UTC")
    return {**run.model_dump(mode="json"), "nominal_local": local_and_utc(run.nominal, zone), "late_by": late_by(run)}


def _view(
    runs: Sequence[JobRun],
    shown: Sequence[JobRun],
    totals: Sequence[JobStatistics],
    zones: Mapping[str, str],
    cut: Sequence[str],
) -> Group:
    if not runs:
        return Group("No job has recorded a run in this time.")
    columns = ("job", "nominal", "there", "state", "recorded", "after", "took", "details")
    rows = [
        (
            Text(run.job),
            local(run.nominal, "UTC"),
            _there(run, zones.get(run.job, "UTC")),
            Text(run.state),
            f"{run.at:%Y-%m-%d %H:%M:%S}",
            # By hand, a run may be made before its time of the day.
            late_by(run) if run.at >= run.nominal else "early",
            _seconds(run.figures.get(DURATION)),
            Text(_details(run) or "-"),
        )
        for run in shown
    ]
    parts: list[Any] = [table("Job runs (times in UTC, and where a zone is named)", columns, rows)]
    if len(runs) > len(shown):
        parts.append(f"… and {len(runs) - len(shown)} more: --job and --days narrow it, --json has them all.")
    parts.append(table("Per job", COLUMNS, [_line(statistics) for statistics in totals]))
    if cut:
        parts.append(f"Only the newest {READ} runs are counted of: {', '.join(cut)}.")
    return Group(*parts)


def _line(statistics: JobStatistics) -> tuple[object, ...]:
    success = None if statistics.success is None else f"{statistics.success:.1%}"
    times = (_seconds(statistics.duration_median_s), _seconds(statistics.duration_p95_s))
    counts = (
        statistics.runs,
        statistics.ran,
        statistics.late,
        statistics.failed,
        statistics.skipped,
        statistics.missed,
        statistics.mended,
    )
    return (Text(statistics.job), *counts, success, *times)


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f} s"


def _there(run: JobRun, zone: str) -> str:
    there = run.nominal.astimezone(zone_info(zone))
    return f"{there:%H:%M} {zone}" if there.date() == run.nominal.date() else f"{there:%Y-%m-%d %H:%M} {zone}"


def _details(run: JobRun) -> str:
    parts = [f"{name.replace('_', ' ')}: {value}" for name, value in sorted(run.detail.items())]
    return ", ".join([*parts, *(f"before: {past.state}" for past in run.history)])
