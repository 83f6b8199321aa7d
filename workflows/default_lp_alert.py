"""*Default LP*: default landing pages that took too many clicks on the day before (SPEC W1)."""

from __future__ import annotations

from temporalio import workflow

from workflows.common.report_check import run_check

with workflow.unsafe.imports_passed_through():
    from activities.reports import ReportChecks
    from relance.contracts.checks import CheckInput, CheckResult
    from relance.contracts.names import CheckName


@workflow.defn
class DefaultLpAlert:
    """Look at yesterday's landing pages; the day comes from the nominal time."""

    @workflow.run
    async def run(self, request: CheckInput) -> CheckResult:
        """Return how the check ended."""
        return await run_check(CheckName.DEFAULT_LP, ReportChecks.default_lp, request)
