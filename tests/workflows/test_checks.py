from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError

from relance.contracts.checks import CheckInput, CheckResult
from relance.contracts.names import CheckName, ErrorType, TaskQueue, Workflow
from tests.workflows.conftest import Serve
from tests.workflows.desk import Reporting

NOMINAL = datetime(2026, 3, 20, 8, tzinfo=UTC)
QUICK = timedelta(seconds=3)


def failure(kind: ErrorType, reason: str | None = None, *, final: bool = False) -> ApplicationError:
    details = () if reason is None else (reason,)
    return ApplicationError("on demand", *details, type=kind, non_retryable=final)


async def start(
    client: Client,
    check: Workflow = Workflow.DEFAULT_LP,
    *,
    nominal: datetime | None = NOMINAL,
    max_wait: timedelta = timedelta(hours=1),
) -> WorkflowHandle[object, CheckResult]:
    return await client.start_workflow(
        check,
        CheckInput(nominal=nominal, patience=QUICK, max_wait=max_wait),
        id=f"check-under-test-{uuid4()}",
        task_queue=TaskQueue.OPS,
        result_type=CheckResult,
    )


async def run(client: Client, serving: Serve, meets: Sequence[BaseException]) -> tuple[CheckResult, Reporting]:
    desk = Reporting(list(meets))
    async with serving(desk.activities()):
        return await (await start(client)).result(), desk


@pytest.mark.parametrize(
    ("workflow", "check"),
    [(Workflow.DEFAULT_LP, CheckName.DEFAULT_LP), (Workflow.PAUSED_PARTNER, CheckName.PAUSED_PARTNER)],
)
async def test_a_check_looks_as_of_the_nominal_time_it_was_asked_for_and_records_its_run(
    client: Client, serving: Serve, workflow: Workflow, check: CheckName
) -> None:
    desk = Reporting()
    async with serving(desk.activities()):
        result = await (await start(client, workflow)).result()
    assert [look.nominal for look in desk.looks] == [NOMINAL]
    assert (result.check, result.state, result.findings, result.rows) == (check, "late", 2, 40)
    record = desk.job_runs[0]
    assert (record.job, record.nominal, record.state) == (check, NOMINAL, "late")
    assert record.detail == {"observation": "2026-03-19", "rows": 40, "findings": 2}


async def test_a_check_that_starts_at_its_nominal_time_ran(client: Client, serving: Serve) -> None:
    desk = Reporting()
    async with serving(desk.activities()):
        assert (await (await start(client, nominal=None)).result()).state == "ran"
    assert abs(desk.looks[0].nominal - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_report_that_fails_is_asked_again(client: Client, serving: Serve) -> None:
    meets = [failure(ErrorType.REPORT_UNAVAILABLE, "unavailable"), failure(ErrorType.REPORT_UNUSABLE, "totals")]
    result, desk = await run(client, serving, meets)
    assert (result.state, result.findings) == ("late", 2)
    assert len(desk.looks) == 3
    assert desk.without_data == []


@pytest.mark.parametrize("reason", ["truncated", "dates"])
async def test_a_report_that_stays_unusable_is_no_data_and_never_all_clear(
    client: Client, serving: Serve, reason: str
) -> None:
    result, desk = await run(client, serving, [failure(ErrorType.REPORT_UNUSABLE, reason)] * 100)
    assert (result.state, result.reason, result.findings) == ("failed", reason, 0)
    assert [(one.check, one.reason) for one in desk.without_data] == [(CheckName.DEFAULT_LP, reason)]
    assert (desk.job_runs[0].state, desk.job_runs[0].detail) == ("failed", {"reason": reason})


async def test_a_refusal_is_not_asked_again(client: Client, serving: Serve) -> None:
    result, desk = await run(client, serving, [failure(ErrorType.REPORT_REFUSED, "refused", final=True)])
    assert (result.reason, len(desk.looks)) == ("refused", 1)


async def test_our_own_database_being_away_says_nothing_about_the_report(client: Client, serving: Serve) -> None:
    meets = [failure(ErrorType.UNAVAILABLE, final=True)] * 3
    result, desk = await run(client, serving, meets)
    assert (result.state, desk.without_data) == ("late", [])
    assert len(desk.looks) == 4


async def test_a_fault_of_our_own_code_is_no_data_too(client: Client, serving: Serve) -> None:
    result, desk = await run(client, serving, [RuntimeError("bug")] * 100)
    assert (result.state, result.reason) == ("failed", "error")
    assert desk.without_data[0].reason == "error"


async def test_a_run_that_found_no_worker_in_time_is_recorded_and_told_and_not_made_up_for(
    client: Client, serving: Serve
) -> None:
    desk = Reporting()
    handle = await start(client, nominal=None, max_wait=timedelta(0))
    async with serving(desk.activities()):
        result = await handle.result()
    assert (result.state, result.reason) == ("skipped(no worker in time)", "missed")
    assert desk.looks == []
    assert desk.without_data[0].reason == "missed"
    assert desk.job_runs[0].state == "skipped(no worker in time)"
