from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle

from relance import ids
from relance.contracts.health import OutageInput, OutageResult
from relance.contracts.jobs import JobInput, JobResult
from relance.contracts.names import TaskQueue, Workflow
from relance.domain.health.probes import ProbeName
from tests.support.watch import Watch
from tests.workflows.conftest import Serve

OUTAGE = ids.outage_workflow_id(ProbeName.MONGODB)
BEGUN = datetime(2026, 11, 22, 8, tzinfo=UTC)


async def start(client: Client, *, dry_run: bool = False) -> WorkflowHandle[object, JobResult]:
    return await client.start_workflow(
        Workflow.HEALTH,
        JobInput(dry_run=dry_run),
        id=f"health-under-test-{uuid4()}",
        task_queue=TaskQueue.OPS,
        execution_timeout=timedelta(minutes=1),
        result_type=JobResult,
    )


async def hold(client: Client) -> OutageResult:
    handle: WorkflowHandle[object, OutageResult] = await client.start_workflow(
        Workflow.OUTAGE,
        OutageInput(begun=BEGUN, bad=1),
        id=f"outage-under-test-{uuid4()}",
        task_queue=TaskQueue.OPS,
        execution_timeout=timedelta(seconds=100),
        result_type=OutageResult,
    )
    return await handle.result()


async def outage_over(client: Client) -> None:
    handle = client.get_workflow_handle(OUTAGE)
    while (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
        await asyncio.sleep(0.05)


async def test_a_run_looks_judges_audits_and_compares_once_when_nothing_changes(client: Client, serving: Serve) -> None:
    watch = Watch()
    async with serving(watch.activities()):
        result = await (await start(client)).result()
    assert (watch.looks, watch.judged, watch.audits, watch.compared) == (1, 1, 1, 1)
    assert result.state == "ran"
    assert result.counts == {"healthy": 1, "fired": 1, "over": 0, "jobs_nominal": 3, "jobs_compared": 2}
    assert result.figures == {"mongo_ms": 12.5, "duration_s": 0.25}
    assert watch.job_runs[0].figures == result.figures


async def test_while_something_is_changing_it_looks_again_without_waiting_for_the_next_run(
    client: Client, serving: Serve
) -> None:
    watch = Watch(changing=3)
    async with serving(watch.activities()):
        result = await (await start(client)).result()
    assert (watch.looks, watch.judged, watch.audits) == (4, 4, 1)
    assert result.counts["fired"] == 4


async def test_what_never_settles_is_left_to_the_next_run(client: Client, serving: Serve) -> None:
    watch = Watch(changing=1000)
    async with serving(watch.activities()):
        await (await start(client)).result()
    # Each with a look at everything; a slow machine looks after the database besides.
    assert watch.judged == 13


async def test_a_dry_run_looks_and_does_nothing_else(client: Client, serving: Serve) -> None:
    watch = Watch(lost=[True])
    async with serving(watch.activities()):
        result = await (await start(client, dry_run=True)).result()
    assert (watch.looks, watch.judged, watch.audits, watch.job_runs) == (1, 0, 0, [])
    assert result.counts == {"looks": 1}


async def test_an_outage_that_several_runs_see_is_told_once_and_its_end_once(client: Client, serving: Serve) -> None:
    watch = Watch(lost=[True] * 8 + [False])
    async with serving(watch.activities()):
        results = [await (await start(client)).result() for _ in range(3)]
        await outage_over(client)
    assert [result.counts for result in results] == [{"database_lost": 1}] * 3
    assert watch.judged == 0
    assert [(one.trouble, one.ended is not None) for one in watch.notices] == [("unreachable", False), ("", True)]
    assert len({one.begun for one in watch.notices}) == 1


async def test_looks_that_cannot_be_judged_are_an_outage_too(client: Client, serving: Serve) -> None:
    watch = Watch(lost=[False, True, True, False], unjudged=1)
    async with serving(watch.activities()):
        await (await start(client)).result()
        await outage_over(client)
    assert [one.ended is not None for one in watch.notices] == [False, True]


async def test_an_outage_that_begins_in_the_middle_of_a_run_is_held_while_the_run_hangs(
    client: Client, serving: Serve
) -> None:
    watch = Watch(lost=[False, True, True, False], guard=timedelta(milliseconds=200), hanging_s=3)
    async with serving(watch.activities()):
        result = await (await start(client)).result()
        await outage_over(client)
    assert [one.ended is not None for one in watch.notices] == [False, True]
    assert result.state == "ran"


async def test_a_short_outage_is_told_to_nobody(client: Client, serving: Serve) -> None:
    watch = Watch(lost=[False])
    async with serving(watch.activities()):
        result = await hold(client)
    assert (result.told, watch.notices, watch.looks) == (False, [], 2)


async def test_a_database_that_comes_and_goes_is_back_when_two_looks_in_a_row_say_so(
    client: Client, serving: Serve
) -> None:
    watch = Watch(lost=[True, False, True, False, True, False])
    async with serving(watch.activities()):
        result = await hold(client)
    assert (result.told, watch.looks) == (True, 7)
    assert [one.ended is not None for one in watch.notices] == [False, True]
    assert all(one.begun == BEGUN for one in watch.notices)


@pytest.mark.slow(30)
async def test_a_long_outage_is_told_once_although_its_history_begins_anew(client: Client, serving: Serve) -> None:
    # The test's server asks for a new history at 400 events, of which a look makes ten or so.
    watch = Watch(lost=[True] * 40 + [False], again=timedelta(milliseconds=10))
    async with serving(watch.activities()):
        await hold(client)
    assert [one.ended is not None for one in watch.notices] == [False, True]
