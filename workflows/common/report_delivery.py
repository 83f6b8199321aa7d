"""Posts a scheduled report: once per nominal day, as soon as a channel takes it."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.common.delivery import TAKEN, outcome_of, send_report
from workflows.common.options import COUNT, LOOK_UP, POST

with workflow.unsafe.imports_passed_through():
    from activities.digests import GIVEN_UP_AFTER, Digests
    from relance.contracts.jobs import JobOutcome, JobRequest
    from relance.contracts.names import ErrorType, JobName
    from relance.contracts.reports import ReportDone, ReportInput, ReportPost, ReportTaken
    from relance.wording.summaries import counted

ONCE_MORE = timedelta(minutes=5)
PATIENCE = GIVEN_UP_AFTER / 2
"""Less than the time after which another run takes a report over."""


async def report(job: JobName, request: JobRequest) -> JobOutcome:
    """Read the report and post it, unless another run has.

    Raises:
        ApplicationError: no channel took it for hours.
    """
    owner = workflow.info().workflow_id + "/" + workflow.info().run_id
    taken = await workflow.execute_activity_method(
        Digests.take_report,
        ReportInput(job=job, nominal=request.nominal, owner=owner, at=workflow.now(), dry_run=request.dry_run),
        summary="look what there is to tell",
        **COUNT,
    )
    if not taken.post:
        return JobOutcome(counts={**taken.counts, "channels": 0})
    outcomes = await _post(job, request, taken)
    channels = sum(outcome in TAKEN for outcome in outcomes.values())
    await workflow.execute_activity_method(
        Digests.report_done if channels else Digests.give_report_up,
        ReportDone(job=job, nominal=request.nominal, owner=owner),
        summary=f"record that {counted(channels, 'channel')} took it",
        **LOOK_UP,
    )
    if not channels:
        raise ApplicationError("no channel took the report", type=ErrorType.CHANNEL_UNAVAILABLE)
    return JobOutcome(counts={**taken.counts, "channels": channels})


async def _post(job: JobName, request: JobRequest, taken: ReportTaken) -> dict[str, str]:
    at, outcomes = workflow.now(), dict[str, str]()

    async def send(channel: str) -> str:
        post = ReportPost(channel=channel, job=job, nominal=request.nominal, since=taken.since, at=at)
        return await outcome_of(
            workflow.execute_activity_method(Digests.post_report, post, summary=f"{job} to {channel}", **POST)
        )

    while True:
        delivered = await send_report(job, outcomes, send)
        if delivered.done or workflow.now() + ONCE_MORE > at + PATIENCE:
            return outcomes
        await workflow.sleep(ONCE_MORE, summary="no channel took the report; once more then")
