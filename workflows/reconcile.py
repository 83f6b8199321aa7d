"""The hourly comparison of what the database says with the workflows that run (SPEC R8)."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.common.job_run import run_job
from workflows.common.options import RECONCILE

with workflow.unsafe.imports_passed_through():
    from activities.reconcile import Reconciliation
    from activities.repairs import Repairs
    from relance.contracts.jobs import JobInput, JobOutcome, JobRequest, JobResult
    from relance.contracts.names import JobName


@workflow.defn
class Reconcile:
    """Start or wake follow-ups that are missing or late, and other workflows that were ended.

    Id `reconcile-<nominal time>`.
    """

    @workflow.run
    async def run(self, request: JobInput) -> JobResult:
        """Return what was repaired, by kind."""
        return await run_job(JobName.RECONCILE, request, self._reconcile)

    async def _reconcile(self, request: JobRequest) -> JobOutcome:
        try:
            compared = await self._compare(request)
        except ActivityError:
            # One document that cannot be compared must not keep the rest from being started again.
            if workflow.patched("repairs"):
                await self._repair(request)
            raise
        if not workflow.patched("repairs"):
            return compared
        repaired = await self._repair(request)
        return JobOutcome(
            counts={**compared.counts, **repaired.counts}, figures={**compared.figures, **repaired.figures}
        )

    async def _compare(self, request: JobRequest) -> JobOutcome:
        return await workflow.execute_activity_method(
            Reconciliation.reconcile, request, summary="compare the ledger with the follow-ups", **RECONCILE
        )

    async def _repair(self, request: JobRequest) -> JobOutcome:
        return await workflow.execute_activity_method(
            Repairs.repair, request, summary="start again what was ended by hand", **RECONCILE
        )
