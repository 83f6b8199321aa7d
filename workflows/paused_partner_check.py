"""*Paused partner*: partners whose revenue of three days fell against the same days a week earlier (SPEC W2)."""

from __future__ import annotations

from temporalio import workflow

from workflows.common.report_check import run_check

with workflow.unsafe.imports_passed_through():
    from activities.reports import ReportChecks
    from relance.contracts.checks import CheckInput, CheckResult
    from relance.contracts.names import CheckName


@workflow.defn
class PausedPartnerCheck:
    """Compare the last three days with a week before; the days come from the nominal time."""

    @workflow.run
    async def run(self, request: CheckInput) -> CheckResult:
        """Return how the check ended."""
        return await run_check(CheckName.PAUSED_PARTNER, ReportChecks.paused_partner, request)
