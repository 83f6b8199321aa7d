"""Runs a check of the partner desk: retries while there is no data, then raises an alert.

Writes one job run (SPEC W3, W4, H3).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.common.job_run import record_run
from workflows.common.nominal_time import duration_since, nominal_time, punctuality
from workflows.common.options import LOOK_UP, report_options

with workflow.unsafe.imports_passed_through():
    from activities.reports import ReportChecks
    from relance.contracts.checks import CheckInput, CheckLook, CheckRequest, CheckResult, NoDataInput
    from relance.contracts.cycle import JobRunInput
    from relance.contracts.names import CheckName, ErrorType
    from relance.wording.summaries import counted

MISSED, BROKEN = "missed", "error"
NOT_OF_THE_REPORT = {ErrorType.UNAVAILABLE, ErrorType.DRAINING}
CheckFn = Callable[[Any, CheckRequest], Coroutine[Any, Any, CheckLook]]


async def run_check(check: CheckName, look: CheckFn, request: CheckInput) -> CheckResult:
    """Run a check for its nominal time and record that it ran."""
    nominal, begun = request.nominal or nominal_time(), workflow.now()
    result = await _result(check, look, request, nominal)
    run = JobRunInput(
        job=check,
        nominal=nominal,
        state=result.state,
        at=workflow.now(),
        detail=_detail(result),
        figures=duration_since(begun),
    )
    await record_run(run, f"record the run of {nominal:%Y-%m-%d %H:%M} UTC: {result.state}")
    return result


async def _result(check: CheckName, look: CheckFn, request: CheckInput, nominal: datetime) -> CheckResult:
    state = punctuality(nominal)
    if workflow.now() - workflow.info().workflow_start_time > request.max_wait:
        # A message about "yesterday" that comes a day late would mislead, and silence would too.
        await _no_data(check, nominal, MISSED)
        return CheckResult(check=check, nominal=nominal, state="skipped(no worker in time)", reason=MISSED)
    try:
        seen = await _look(look, request, nominal)
    except ActivityError as error:
        reason = _reason(error) or BROKEN
        await _no_data(check, nominal, reason)
        return CheckResult(check=check, nominal=nominal, state="failed", reason=reason)
    workflow.set_current_details(f"**{counted(seen.findings, 'finding')}** in {counted(seen.rows, 'row')}")
    return CheckResult(
        check=check,
        nominal=nominal,
        state=state,
        observation=seen.observation,
        rows=seen.rows,
        findings=seen.findings,
        alerts=seen.alerts,
        known=seen.known,
    )


async def _look(look: CheckFn, request: CheckInput, nominal: datetime) -> CheckLook:
    while True:
        try:
            return await workflow.execute_activity_method(
                look,
                CheckRequest(nominal=nominal),
                summary=f"look at the report as of {nominal:%Y-%m-%d %H:%M} UTC",
                **report_options(request.patience),
            )
        except ActivityError as error:
            # Our own database was away, or no worker was there: that says nothing about the report.
            if _reason(error) is not None or _is_broken(error):
                raise


async def _no_data(check: CheckName, nominal: datetime, reason: str) -> None:
    await workflow.execute_activity_method(
        ReportChecks.no_data,
        NoDataInput(check=check, nominal=nominal, reason=reason),
        summary=f"no data: {reason}",
        **LOOK_UP,
    )


def _reason(error: ActivityError) -> str | None:
    failure = _failure(error)
    if failure is None or failure.type not in {
        ErrorType.REPORT_UNAVAILABLE,
        ErrorType.REPORT_UNUSABLE,
        ErrorType.REPORT_REFUSED,
    }:
        return None
    return str(failure.details[0]) if failure.details else BROKEN


def _is_broken(error: ActivityError) -> bool:
    failure = _failure(error)
    return failure is not None and failure.type not in NOT_OF_THE_REPORT


def _failure(error: BaseException) -> ApplicationError | None:
    # A try that was cut short by the end of the patience hides the failure of the one before.
    cause = error.__cause__
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    return cause


def _detail(result: CheckResult) -> dict[str, str | int]:
    if result.reason is not None:
        return {"reason": result.reason}
    return {"observation": result.observation, "rows": result.rows, "findings": result.findings}
