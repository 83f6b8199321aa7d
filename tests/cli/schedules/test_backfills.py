"""`schedules backfill`: bounded, counted, seen and stopped, with the regular times going on beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from relance import ids
from relance.contracts.names import MONTHLY_SCHEDULE
from tests.support.patience import PATIENCE_S
from tests.support.terminal import Terminal
from tests.support.worker_process import WorkerProcess

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def applied(terminal: Terminal) -> Terminal:
    terminal.json("schedules", "apply")
    return terminal


def day(days: int) -> str:
    return f"{NOW - timedelta(days=days):%Y-%m-%d}"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.2)


def standing(terminal: Terminal, schedule: str) -> dict[str, Any]:
    return terminal.json("schedules", "backfill", schedule)


@pytest.mark.parametrize(("field", "span"), [("--to", (day(1), day(-2))), ("--from", (day(-2), day(-3)))])
def test_the_future_is_left_to_the_schedule(applied: Terminal, field: str, span: tuple[str, str]) -> None:
    ended = applied.run("schedules", "backfill", "default-lp", "--from", span[0], "--to", span[1], "--json")
    assert (ended.code, ended.data["field"]) == (2, field)
    assert "future" in ended.data["error"]


def test_many_runs_are_counted_and_agreed_to_and_too_many_refused(applied: Terminal) -> None:
    asked = applied.run("schedules", "backfill", "health", "--from", day(1), "--to", day(1), "--json")
    assert (asked.code, asked.data["field"]) == (2, "--yes")
    assert "288 runs" in asked.data["error"]
    refused = applied.run("schedules", "backfill", "health", "--from", "2020-11-01", "--to", day(1), "--yes", "--json")
    assert (refused.code, refused.data["field"]) == (2, "--to")
    years = (NOW - datetime(2020, 11, 1, tzinfo=UTC)) / timedelta(minutes=5)
    about = int(refused.data["error"].partition("about ")[2].partition(" ")[0].replace(",", ""))
    assert abs(about - years) < 0.02 * years
    none = applied.run("schedules", "backfill", "cleanup", "--from", f"{day(1)}T01:00", "--to", f"{day(1)}T01:01")
    assert (none.code, "no nominal time" in none.err) == (2, True)


def test_a_dry_run_names_the_times_and_starts_nothing(applied: Terminal) -> None:
    dry = applied.json(
        "schedules", "backfill", MONTHLY_SCHEDULE, "--from", "2026-08-25T06:00", "--to", "2026-09-25T06:00", "--dry-run"
    )
    # Both ends are included.
    assert dry["times"] == ["2026-08-25T04:00:00Z", "2026-09-25T04:00:00Z"]
    assert (dry["runs"], dry["recorded"]) == (2, 0)
    ended = applied.run("schedules", "backfill", MONTHLY_SCHEDULE)
    assert (ended.code, "no backfill" in ended.err) == (2, True)


def test_a_month_far_away_is_asked_about(applied: Terminal) -> None:
    ended = applied.run(
        "schedules", "backfill", MONTHLY_SCHEDULE, "--from", "2024-01-25", "--to", "2024-01-25", "--json"
    )
    assert (ended.code, ended.data["field"]) == (2, "--yes")
    assert "2024-02 is" in ended.data["error"]


@pytest.mark.slow(20)
async def test_it_is_seen_and_stopped_and_the_regular_times_go_on(
    applied: Terminal, client: Client, worker: WorkerProcess
) -> None:
    assert worker.server.running
    begun = applied.json("schedules", "backfill", "health", "--from", day(1), "--to", day(1), "--yes")
    assert (begun["runs"], begun["workflow"]) == (288, "backfill/health")
    again = applied.run("schedules", "backfill", "health", "--from", day(1), "--to", day(1), "--yes")
    assert (again.code, "goes on already" in again.err) == (2, True)
    await until(lambda: standing(applied, "health")["progress"]["done"] >= 2)
    [line] = [one for one in applied.json("schedules", "list")["schedules"] if one["id"] == "health"]
    assert line["backfill"]["total"] == 288
    # What the Schedule starts meanwhile is not in its way, and not held up.
    applied.json("schedules", "trigger", "health")
    found = client.get_schedule_handle("health")
    async with asyncio.timeout(PATIENCE_S):
        while not (info := (await found.describe()).info).recent_actions:
            await asyncio.sleep(0.2)
    assert info.num_actions_skipped_overlap == 0
    stopped = applied.json("schedules", "backfill", "health", "--stop")
    assert stopped["done"] == "stopped"
    await until(lambda: standing(applied, "health")["runs"] is False)
    progress = standing(applied, "health")["progress"]
    assert 2 <= progress["done"] < 288
    described = await client.get_workflow_handle("backfill/health").describe()
    assert described.status is WorkflowExecutionStatus.CANCELED
    nothing = applied.run("schedules", "backfill", "health", "--stop")
    assert (nothing.code, "nothing to stop" in nothing.err) == (2, True)


async def test_each_nominal_time_has_its_own_run_and_record(
    applied: Terminal, client: Client, worker: WorkerProcess
) -> None:
    assert worker.server.running
    span = ("--from", day(4), "--to", day(3))
    told = applied.json("schedules", "backfill", "digest", *span, "--wait")
    assert (told["progress"]["done"], told["progress"]["total"], told["progress"]["failed"]) == (2, 2, 0)
    times = [
        datetime.fromisoformat(at)
        for at in applied.json("schedules", "backfill", "digest", *span, "--dry-run")["times"]
    ]
    for nominal in times:
        run = await client.get_workflow_handle(ids.scheduled_workflow_id("digest", nominal)).describe()
        assert run.status is WorkflowExecutionStatus.COMPLETED
    recorded = applied.json("report", "jobs", "--job", "digest", "--days", "366")["runs"]
    assert {datetime.fromisoformat(one["nominal"]) for one in recorded} >= set(times)
