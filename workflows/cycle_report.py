"""Posts the report of a cycle once, as soon as a channel takes it (SPEC C13)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows.common.delivery import DeliveryResult, outcome_of, send_report
from workflows.common.options import POST

with workflow.unsafe.imports_passed_through():
    from activities.cycle_reports import CycleReports
    from relance import ids
    from relance.contracts.names import TaskQueue
    from relance.contracts.reports import CycleReportInput, CycleReportPost, CycleReportResult
    from relance.domain.alerts.routing import CYCLE_REPORT

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=3)


@workflow.defn
class CycleReport:
    """Post the report of one period; id `cycle-report/<period>`.

    It outlives its cycle, so an unavailable channel does not hold the cycle up.
    """

    @workflow.init
    def __init__(self, request: CycleReportInput) -> None:
        self._request = request
        self._outcomes = dict(request.outcomes)

    @workflow.run
    async def run(self, request: CycleReportInput) -> CycleReportResult:
        """Return per channel whether it has the report; what no channel took is tried again for some days."""
        begun, wait = request.begun or workflow.now(), request.wait or FIRST_WAIT
        give_up = begun + request.patience
        while True:
            delivered = await self._notify()
            if delivered.done or workflow.now() + wait > give_up:
                return CycleReportResult(period=request.period, outcomes=self._outcomes)
            await workflow.sleep(wait, summary="no channel took the report; once more then")
            wait = min(2 * wait, LONGEST_WAIT)
            if workflow.info().is_continue_as_new_suggested() and workflow.patched("cycle-report-continues-as-new"):
                carried = {"begun": begun, "wait": wait, "outcomes": self._outcomes}
                workflow.continue_as_new(request.model_copy(update=carried))

    async def _notify(self) -> DeliveryResult:
        delivered = await send_report(CYCLE_REPORT, self._outcomes, self._post)
        shown = ", ".join(f"{channel}: {outcome}" for channel, outcome in self._outcomes.items())
        workflow.set_current_details(f"**{'told' if delivered.done else 'not told yet'}** · {shown}")
        return delivered

    async def _post(self, channel: str) -> str:
        return await outcome_of(
            workflow.execute_activity_method(
                CycleReports.post_cycle_report,
                CycleReportPost(channel=channel, period=self._request.period, at=self._request.at),
                summary=f"report of {self._request.period} to {channel}",
                **POST,
            )
        )


async def leave_report(period: str) -> None:
    """Start the report of a period and leave it behind; for the cycle, within its workflow."""
    # An earlier run of this cycle may still be posting it; it posts what is stored by then.
    with suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            CycleReport.run,
            CycleReportInput(period=period, at=workflow.now()),
            id=ids.cycle_report_workflow_id(period),
            task_queue=TaskQueue.OPS,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"Report of the cycle of {period}",
        )
