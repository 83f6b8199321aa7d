"""Runs past nominal times of a Schedule one after the other, beside the Schedule (SPEC section 9).

The server's own backfill counts as running of the Schedule: while it goes on, the regular times are skipped as
overlapping, and nothing can stop it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError

from workflows.common.nominal_time import NOMINAL_TIME

with workflow.unsafe.imports_passed_through():
    from relance import ids
    from relance.contracts.backfill import BackfillInput, BackfillProgress


@workflow.defn
class Backfill:
    """Run what a Schedule starts for each nominal time; id `backfill/<schedule>`. Cancelled, it begins no further run.

    The run that is under way then goes on to its end.
    """

    @workflow.init
    def __init__(self, request: BackfillInput) -> None:
        self._request = request
        self._progress = request.progress or BackfillProgress(schedule=request.schedule, total=len(request.times))

    @workflow.query
    def progress(self) -> BackfillProgress:
        """Return how far it is."""
        return self._progress

    @workflow.run
    async def run(self, request: BackfillInput) -> BackfillProgress:
        """Return what was made up for."""
        for number, nominal in enumerate(request.times):
            if workflow.info().is_continue_as_new_suggested():
                left = {"times": request.times[number:], "progress": self._progress}
                workflow.continue_as_new(request.model_copy(update=left))
            self._update(now=nominal)
            outcome = await self._make_up(nominal)
            self._update(**{outcome: getattr(self._progress, outcome) + 1})
        self._update(now=None)
        return self._progress

    async def _make_up(self, nominal: datetime) -> str:
        """Run for one nominal time; return which count it belongs to."""
        request = self._request
        try:
            await workflow.execute_child_workflow(
                request.workflow,
                request.argument,
                id=ids.scheduled_workflow_id(request.workflow_id, nominal),
                task_queue=request.task_queue,
                execution_timeout=request.execution_timeout,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                search_attributes=TypedSearchAttributes([SearchAttributePair(NOMINAL_TIME, nominal)]),
                static_summary=f"{request.summary}, made up for {nominal:%Y-%m-%d %H:%M:%S} UTC",
            )
        except WorkflowAlreadyStartedError:
            return "running"
        except ChildWorkflowError:
            # A run that a person cancelled has failed; the backfill's own cancellation arrives at its own task.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return "failed"
        return "done"

    def _update(self, **changes: object) -> None:
        self._progress = self._progress.model_copy(update=changes)
        now = self._progress.now
        workflow.set_current_details(
            f"{self._progress.over} of {self._progress.total} nominal times made up for"
            + (f", now {now:%Y-%m-%d %H:%M} UTC" if now else "")
            + (f", {self._progress.failed} failed" if self._progress.failed else "")
        )
