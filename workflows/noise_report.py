"""The weekly report on rules that send messages that nobody acts on (SPEC A3)."""

from __future__ import annotations

from temporalio import workflow

from workflows.common.job_run import run_job
from workflows.common.report_delivery import report

with workflow.unsafe.imports_passed_through():
    from relance.contracts.jobs import JobInput, JobOutcome, JobRequest, JobResult
    from relance.contracts.names import JobName


@workflow.defn
class NoiseReport:
    """Post which rules are noise; id `noise-report-<nominal time>`."""

    @workflow.run
    async def run(self, request: JobInput) -> JobResult:
        """Return the counts of the report, and how many channels have it."""
        return await run_job(JobName.NOISE, request, self._notify)

    async def _notify(self, request: JobRequest) -> JobOutcome:
        return await report(JobName.NOISE, request)
