"""`versions`, with workers of two versions on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import VersioningBehavior
from temporalio.client import Client, WorkflowHandle

import starter
from relance.contracts.cycle import CycleOptions, WaveInput
from relance.contracts.jobs import JobInput
from relance.contracts.names import TaskQueue, Workflow
from tests.support.patience import PATIENCE_S
from tests.support.private_sdk import workflow_definition
from tests.support.terminal import Terminal
from tests.support.worker_process import WorkerProcess
from workflows.registry import workflows_of

Start = Callable[[str], Awaitable[WorkerProcess]]


@pytest.fixture
async def starting(terminal: Terminal, tmp_path: Path) -> AsyncIterator[Start]:
    workers: list[WorkerProcess] = []

    async def start(build_id: str) -> WorkerProcess:
        own = {"RELANCE_WORKER__VERSIONING": "true", "RELANCE_WORKER__BUILD_ID": build_id}
        command = starter.services().worker
        worker = WorkerProcess.start(command, {**terminal.environment, **own}, tmp_path / f"{build_id}.log")
        workers.append(worker)
        await worker.serving()
        return worker

    yield start
    for worker in workers:
        await worker.end()


def states(terminal: Terminal) -> dict[str, str]:
    return {line["build_id"]: line["state"] for line in terminal.json("versions", "list")["versions"]}


async def build_id(run: WorkflowHandle[Any, Any]) -> str:
    info = (await run.describe()).raw_description.workflow_execution_info.versioning_info
    return str(info.deployment_version.build_id)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("queue", TaskQueue)
def test_only_versioned_workers_name_a_behaviour(queue: TaskQueue) -> None:
    # The server refuses every task that an unversioned worker completes with one.
    plain, versioned = (
        [workflow_definition(cls).has_versioning_behavior for cls in workflows_of(queue, versioned=on)]
        for on in (False, True)
    )
    assert not any(plain)
    assert any(versioned) is (queue is TaskQueue.INVITATIONS)


async def test_runs_go_to_the_version_that_was_promoted(terminal: Terminal, client: Client, starting: Start) -> None:
    assert states(terminal) == {}
    unknown = terminal.run("versions", "promote", "none", "--yes", "--json")
    assert (unknown.code, "knows no version 'none'" in unknown.data["error"]) == (2, True)
    await starting("one")
    await until(lambda: states(terminal) == {"one": "inactive"})
    run = await client.start_workflow(
        Workflow.HEALTH, JobInput(dry_run=True), id="versioned-1", task_queue=TaskQueue.OPS
    )
    promoted = await asyncio.to_thread(terminal.run, "versions", "promote", "one", "--yes", "--json")
    assert promoted.code == 0, promoted.err
    await asyncio.wait_for(run.result(), PATIENCE_S)
    assert (
        await run.describe()
    ).raw_description.workflow_execution_info.versioning_info.deployment_version.build_id == "one"
    wave = await client.start_workflow(
        Workflow.SEND_WAVE,
        WaveInput(period="2026-11", instant=datetime.now(UTC), options=CycleOptions()),
        id="versioned-wave",
        task_queue=TaskQueue.INVITATIONS,
    )
    await asyncio.wait_for(wave.result(), PATIENCE_S)
    info = (await wave.describe()).raw_description.workflow_execution_info.versioning_info
    assert info.behavior == VersioningBehavior.VERSIONING_BEHAVIOR_PINNED
    await starting("two")
    await until(lambda: "two" in states(terminal))
    assert terminal.run("versions", "drain", "one").code == 1
    assert terminal.run("versions", "promote", "two", "--yes").code == 0
    await until(lambda: states(terminal)["two"] == "current")
    again = await client.start_workflow(
        Workflow.HEALTH, JobInput(dry_run=True), id="versioned-2", task_queue=TaskQueue.OPS
    )
    await asyncio.wait_for(again.result(), PATIENCE_S)
    assert await build_id(again) == "two"
    assert states(terminal)["one"] in {"draining", "drained"}
