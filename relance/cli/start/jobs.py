"""`start cleanup`, `start health`, `start reconcile`: a maintenance job, by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Group
from temporalio.client import Client

from relance.cli.base.command import Run, command, invalid
from relance.cli.base.output import Answer, table
from relance.cli.base.waiting import DEFAULT_S, TimeoutOption, wait_for
from relance.contracts.jobs import JobResult
from relance.contracts.names import JobName
from relance.domain.jobs.run import FAILED
from relance.errors import NotFound
from relance.runtime.process_exit import DONE, JOB_FAILED
from relance.temporal.jobs import start_job
from relance.temporal.nominal_times import TemporalNominalTimes

EXAMPLES = """
starter.py start {job} --wait
starter.py start {job} {more}
"""
PURPOSES = {
    JobName.CLEANUP: "Expire, delete and anonymise what is past its time.",
    JobName.HEALTH: "Look at everything we depend on, and at the jobs themselves.",
    JobName.RECONCILE: "Compare the follow-ups with the ledger, and mend what differs.",
}

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only count; change, tell and record nothing.")]
NowOption = Annotated[
    bool,
    typer.Option(
        "--now", help="A run for this moment; without it, the run of the newest nominal time of the Schedule."
    ),
]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait for the end of the run and show how it ended.")]


def _starting(job: JobName) -> Callable[..., Awaitable[Answer]]:
    async def start(
        run: Run,
        *,
        dry_run: DryRunOption = False,
        now: NowOption = False,
        wait: WaitOption = False,
        patience: TimeoutOption = DEFAULT_S,
    ) -> Answer:
        client = await run.temporal()
        nominal = await _nominal(client, job, run.services.clock.now(), now=now or dry_run)
        handle = await start_job(client, job, run.settings.jobs, nominal, dry_run=dry_run)
        sentence = f"{job} runs for {nominal:%Y-%m-%d %H:%M:%S} UTC: workflow {handle.id}."
        if not (wait or dry_run):
            return Answer({"job": job, "nominal": nominal, "workflow": handle.id, "message": sentence}, sentence)
        run.out.note(sentence)
        what = f"the dry run of {job}" if dry_run else f"the job {job}"
        return result_answer(await wait_for(run, handle, what, "report jobs", patience), dry_run=dry_run)

    start.__doc__ = f"""{PURPOSES[job]}

    This makes up for a nominal time that was missed or failed, which keeps one record. A dry run is waited for.
    """
    return start


def result_answer(result: JobResult, *, dry_run: bool = False) -> Answer:
    """Return how a job ended; one that failed is a failed job."""
    head = table(
        "Job", ("job", "nominal", "state", "because"), [(result.job, result.nominal, result.state, result.reason)]
    )
    rows: list[tuple[str, int | str]] = [(name.replace("_", " "), count) for name, count in result.counts.items()]
    rows += [(name, f"{value:g}") for name, value in result.figures.items()]
    note = ["This was a dry run: nothing was changed or recorded."] if dry_run else []
    view = Group(head, *([table("What it did", ("what", "count"), rows)] if rows else []), *note)
    return Answer(
        {**result.model_dump(mode="json"), "dry_run": dry_run}, view, JOB_FAILED if result.state == FAILED else DONE
    )


async def _nominal(client: Client, job: JobName, at: datetime, *, now: bool) -> datetime:
    if now:
        return at.replace(microsecond=0)
    times = TemporalNominalTimes(client)
    if await times.schedule(job) is None:
        raise NotFound(
            f"there is no Schedule {job.value!r} on the server; create it with `schedules apply`, or say --now"
        )
    nominal = await times.latest(job, at)
    if nominal is None:
        invalid("--now", f"the Schedule {job.value!r} has had no nominal time within a year", "say --now")
    return nominal


def register(group: typer.Typer) -> None:
    """Add the commands to the group `start`."""
    more = {JobName.CLEANUP: "--dry-run --json", JobName.HEALTH: "--now --wait --json", JobName.RECONCILE: "--dry-run"}
    for job in PURPOSES:
        command(group, job, EXAMPLES.format(job=job, more=more[job]))(_starting(job))
