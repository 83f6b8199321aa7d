"""The hourly comparison of the ledger with the follow-ups that run (SPEC R8)."""

from __future__ import annotations

from temporalio import workflow

from workflows.options import RECONCILE
from workflows.recorded import run_job

with workflow.unsafe.imports_passed_through():
    from activities.reconcile import Reconciliation
    from relance.contracts.jobs import JobInput, JobOutcome, JobRequest, JobResult
    from relance.contracts.names import JobName


@workflow.defn
class Reconcile:
    """Start or wake follow-ups that are missing or late; id `reconcile-<nominal time>`."""

    @workflow.run
    async def run(self, request: JobInput) -> JobResult:
        """Return what was mended, by kind."""
        return await run_job(JobName.RECONCILE, request, self._reconcile)

    async def _reconcile(self, request: JobRequest) -> JobOutcome:
        return await workflow.execute_activity_method(
            Reconciliation.reconcile, request, summary="compare the ledger with the follow-ups", **RECONCILE
        )
