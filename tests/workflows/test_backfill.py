"""Past nominal times made up for one after the other, seen and stopped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from relance import ids
from relance.contracts.backfill import BackfillInput, BackfillProgress
from relance.contracts.jobs import JobInput
from relance.contracts.names import TaskQueue, Workflow
from tests.support.asking import answered
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import Serve
from tests.workflows.house import House
from tests.workflows.maintenance import Maintenance
from workflows.backfill import Backfill

FIRST = datetime(2026, 3, 2, 4, 17, tzinfo=UTC)
TIMES = tuple(FIRST + timedelta(days=days) for days in range(3))


def asked(times: tuple[datetime, ...] = TIMES, workflow: str = Workflow.RECONCILE) -> BackfillInput:
    return BackfillInput(
        schedule="reconcile",
        workflow=workflow,
        workflow_id=f"reconcile-{uuid4()}",
        task_queue=TaskQueue.OPS,
        summary="Compares follow-ups with the ledger",
        execution_timeout=timedelta(minutes=5),
        argument=JobInput().model_dump(mode="json"),
        times=times,
    )


async def begin(client: Client, request: BackfillInput) -> WorkflowHandle[Any, BackfillProgress]:
    return await client.start_workflow(
        Backfill.run,
        request,
        id=f"backfill-{uuid4()}",
        task_queue=TaskQueue.OPS,
        execution_timeout=timedelta(minutes=5),
    )


async def current(handle: WorkflowHandle[Any, BackfillProgress]) -> BackfillProgress:
    return await answered(lambda: handle.query(Backfill.progress))


async def test_each_nominal_time_is_run_for_in_its_turn(client: Client, serving: Serve) -> None:
    house, upkeep = House(), Maintenance()
    async with serving([house.record_job_run, *upkeep.activities()]):
        progress = await (await begin(client, asked())).result()
    assert (progress.total, progress.done, progress.failed, progress.running) == (3, 3, 0, 0)
    assert [(run.nominal, run.state) for run in house.job_runs] == [(nominal, "late") for nominal in TIMES]


async def test_a_nominal_time_that_is_run_for_already_is_left_to_that_run(client: Client, serving: Serve) -> None:
    house, upkeep, request = House(), Maintenance(), asked()
    first = await client.start_workflow(
        Workflow.RECONCILE,
        JobInput(),
        id=ids.scheduled_workflow_id(request.workflow_id, TIMES[0]),
        task_queue="nobody",
    )
    handle = await begin(client, request)
    async with serving([house.record_job_run, *upkeep.activities()]):
        progress = await handle.result()
    await first.terminate()
    # The first is run by somebody else already.
    assert (progress.done, progress.running, progress.failed) == (2, 1, 0)


async def test_a_run_that_somebody_ends_has_failed_and_the_backfill_goes_on(client: Client, serving: Serve) -> None:
    request = asked(TIMES[:1]).model_copy(update={"task_queue": "nobody"})
    async with serving([House().record_job_run]):
        handle = await begin(client, request)
        child = client.get_workflow_handle(ids.scheduled_workflow_id(request.workflow_id, TIMES[0]))
        await until_there(child)
        await child.terminate()
        progress = await handle.result()
    assert (progress.done, progress.failed) == (0, 1)


async def test_stopped_it_begins_no_further_run_and_cuts_none_off(client: Client, serving: Serve) -> None:
    request = asked().model_copy(update={"task_queue": "nobody"})
    async with serving([House().record_job_run]):
        handle = await begin(client, request)
        child = client.get_workflow_handle(ids.scheduled_workflow_id(request.workflow_id, TIMES[0]))
        await until_there(child)
        assert (await current(handle)).now == TIMES[0]
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        assert (await current(handle)).over == 0
    assert (await handle.describe()).status is WorkflowExecutionStatus.CANCELED
    assert (await child.describe()).status is WorkflowExecutionStatus.RUNNING
    await child.terminate()


async def until_there(handle: WorkflowHandle[Any, Any]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await handle.describe()
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                await asyncio.sleep(0.1)
            else:
                return
