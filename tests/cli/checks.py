"""A morning with something to find, and a check that ends at once: well, but on the 4th without data."""

from __future__ import annotations

from datetime import date

from temporalio import workflow

from relance.contracts.checks import CheckInput, CheckResult
from relance.contracts.names import CheckName, Workflow

MORNING = date(2025, 11, 5)
"""A Wednesday, on which both checks find one thing, and nothing on the days before."""


@workflow.defn(name=Workflow.DEFAULT_LP, sandboxed=False)
class Ending:
    """Answers as the contract says."""

    @workflow.run
    async def run(self, request: CheckInput) -> CheckResult:
        nominal = request.nominal
        assert nominal is not None
        if nominal.day == 4:
            return CheckResult(check=CheckName.DEFAULT_LP, nominal=nominal, state="failed", reason="totals")
        return CheckResult(
            check=CheckName.DEFAULT_LP, nominal=nominal, state="ran", observation="2025-11-02", rows=17, findings=2
        )
