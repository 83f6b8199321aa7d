"""Opens the cycle of the month of the nominal time; started by the monthly Schedule (SPEC C1)."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows.common.job_run import record_run
from workflows.common.nominal_time import duration_since, nominal_time, punctuality
from workflows.common.options import LOOK_UP
from workflows.monthly_cycle import MonthlyCycle

with workflow.unsafe.imports_passed_through():
    from activities.openings import Openings
    from relance import ids
    from relance.contracts.cycle import CycleInput, JobRunInput, OpenPeriodInput
    from relance.contracts.names import MONTHLY_SCHEDULE, TaskQueue
    from relance.domain.cycle.send_times import period_of_opening


@workflow.defn
class OpenPeriod:
    """Start `cycle/<period>` exactly once, however often this period is opened."""

    @workflow.run
    async def run(self, request: OpenPeriodInput) -> str:
        """Return the period that was opened."""
        nominal, begun = nominal_time(), workflow.now()
        period = period_of_opening(nominal, request.zone)
        state = await self._open(period, nominal, request)
        run = JobRunInput(
            job=MONTHLY_SCHEDULE,
            nominal=nominal,
            state=state,
            at=workflow.now(),
            period=period,
            figures=duration_since(begun),
        )
        await record_run(run, f"record that the cycle of {period} was opened")
        return period

    async def _open(self, period: str, nominal: datetime, request: OpenPeriodInput) -> str:
        try:
            await workflow.start_child_workflow(
                MonthlyCycle.run,
                CycleInput(period=period, options=request.options),
                id=ids.cycle_workflow_id(period),
                task_queue=TaskQueue.INVITATIONS,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                static_summary=f"Invitations of {period}",
            )
        except WorkflowAlreadyStartedError:
            if workflow.patched("ended-cycle"):
                return await self._found(period)
            return "skipped(already open)"
        return punctuality(nominal)

    async def _found(self, period: str) -> str:
        # One that was ended in Temporal is not started again by itself: somebody may have wanted to stop mails.
        return await workflow.execute_activity_method(
            Openings.look_up_opening,
            period,
            summary=f"look up what became of the cycle of {period}",
            **LOOK_UP,
        )
