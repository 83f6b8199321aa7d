"""The partner desk's checks from the command line: started once per day, or only looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import Worker

from relance import ids
from relance.contracts.checks import CheckInput
from relance.contracts.names import CheckName, TaskQueue
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.faults import MissingRows, StatusFault
from relance.devstack.everflow.samples import PAUSED_PARTNER, sample_world
from relance.domain.zones import zone_info
from tests.cli.checks import MORNING, Ending
from tests.support.terminal import Terminal

CHECKS = list(CheckName)


@pytest.fixture
async def without_worker(client: Client) -> AsyncIterator[None]:
    yield
    for check in CHECKS:
        handle = client.get_workflow_handle(ids.check_workflow_id(check, MORNING))
        if (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
            await handle.terminate()


def dry_run(terminal: Terminal, check: str, day: date = MORNING) -> dict[str, Any]:
    return terminal.json("start", check, "--dry-run", "--date", day.isoformat())


async def test_a_dry_run_finds_the_one_page_and_needs_nothing_but_everflow(
    network: EverflowControl, everflow_only: Terminal
) -> None:
    said = dry_run(everflow_only, "default-lp")
    (found,) = said["findings"]
    assert (found["subject"], found["value"], found["threshold"]) == ("0.1.376", "63", "50")
    assert found["labels"]["offer"] == "Summer Sale NL"
    assert (found["baseline"], found["current"]) == (None, None)
    assert (found["window"]["first_day"], found["window"]["last_day"]) == ("2025-11-04", "2025-11-04")
    assert "🚨 Default LP Alert" in said["message"]
    assert '• Summer Sale NL · Partner Alpha · "Default" · 63 clicks' in said["message"]


async def test_a_dry_run_finds_the_one_partner_with_his_account(
    network: EverflowControl, everflow_only: Terminal
) -> None:
    said = dry_run(everflow_only, "paused-partner")
    (found,) = said["findings"]
    assert (found["subject"], found["value"], found["current"]) == (str(PAUSED_PARTNER), "100", "0")
    assert float(found["baseline"]) == 240
    assert found["labels"] == {"partner": "Partner Beta", "account_status": "inactive"}
    assert (found["window"]["first_day"], found["window"]["last_day"]) == ("2025-11-02", "2025-11-04")
    assert found["baseline_window"]["first_day"] == "2025-10-26"
    assert "Partner Beta · EUR 240.00 → EUR 0.00 · \u2212100% · account inactive" in said["message"].replace(
        "\u00a0", " "
    )


async def test_a_dry_run_says_what_it_looked_at_also_when_there_is_nothing_to_tell(
    network: EverflowControl, everflow_only: Terminal
) -> None:
    before = MORNING - timedelta(days=2)
    said = dry_run(everflow_only, "paused-partner", before)
    assert (said["findings"], said["message"]) == ([], None)
    shown = everflow_only.run("start", "default-lp", "--dry-run", "--date", before.isoformat()).out
    assert len(shown.splitlines()) == 1
    assert "2\u00a0November 2025 in Europe/Amsterdam: " in shown
    assert "rows, and nothing to tell" in shown


async def test_people_see_the_message_itself_whatever_a_partner_calls_himself(
    network: EverflowControl, everflow_only: Terminal
) -> None:
    world = sample_world(MORNING)
    partners = tuple(
        one.model_copy(update={"name": "[red]Partner[/red] :warning:"}) if one.id == 376 else one
        for one in world.partners
    )
    await network.put_world(world.model_copy(update={"partners": partners}))
    shown = everflow_only.run("start", "default-lp", "--dry-run", "--date", MORNING.isoformat()).out
    assert "🤖 Agent:" in shown
    assert "[red]Partner[/red] :warning:" in shown
    assert "dry run: nothing is sent" in shown


async def test_the_day_is_today_where_the_reports_are_made(everflow: EverflowControl, everflow_only: Terminal) -> None:
    today = datetime.now(zone_info("Europe/Amsterdam")).date()
    await everflow.put_world(sample_world(today))
    (found,) = everflow_only.json("start", "default-lp", "--dry-run")["findings"]
    assert found["window"]["last_day"] == (today - timedelta(days=1)).isoformat()


async def test_a_report_that_cannot_be_used_is_no_all_clear(network: EverflowControl, everflow_only: Terminal) -> None:
    await network.add_fault(MissingRows())
    ended = everflow_only.run("start", "default-lp", "--dry-run", "--date", MORNING.isoformat(), "--json")
    assert ended.code == 1
    assert "cannot be used (totals)" in ended.data["error"]
    await network.clear_faults()
    await network.add_fault(StatusFault(code=503))
    ended = everflow_only.run("start", "default-lp", "--dry-run", "--date", MORNING.isoformat(), "--json")
    assert (ended.code, ended.data["dependency"]) == (3, "Everflow")


@pytest.mark.usefixtures("without_worker")
async def test_two_starts_for_one_day_are_one_run_for_that_days_nominal_time(
    terminal: Terminal, client: Client
) -> None:
    # Nine and eight o'clock in Amsterdam, in winter.
    for check, workflow, hour in (("default-lp", "DefaultLpAlert", 8), ("paused-partner", "PausedPartnerCheck", 7)):
        said = terminal.json("start", check, "--date", MORNING.isoformat())
        assert said["workflow"] == f"check/{check}/2025-11-05"
        assert said["nominal"] == f"2025-11-05T0{hour}:00:00Z"
        handle = client.get_workflow_handle(said["workflow"])
        found = await handle.describe()
        assert (found.workflow_type, found.task_queue) == (workflow, TaskQueue.OPS)
        started = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
        [request] = await client.data_converter.decode(started.input.payloads, [CheckInput])
        nominal = datetime(2025, 11, 5, hour, tzinfo=UTC)
        assert request == CheckInput(nominal=nominal, patience=timedelta(minutes=30), max_wait=timedelta(hours=1))
        assert terminal.json("start", check, "--date", MORNING.isoformat()) == said
        assert (await handle.describe()).run_id == found.run_id


async def test_waiting_shows_how_the_check_ended_and_a_failed_one_is_a_failed_job(
    terminal: Terminal, client: Client
) -> None:
    async with Worker(client, task_queue=TaskQueue.OPS, workflows=[Ending]):
        fine = await asyncio.to_thread(terminal.run, "start", "default-lp", "--date", "2025-11-03", "--wait", "--json")
        failed = await asyncio.to_thread(terminal.run, "start", "default-lp", "--date", "2025-11-04", "--wait")
    assert fine.code == 0, fine
    assert (fine.data["state"], fine.data["rows"], fine.data["findings"]) == ("ran", 17, 2)
    assert failed.code == 1
    assert "rows are missing from the report" in failed.out


@pytest.mark.parametrize("command", ["start default-lp", "start paused-partner --dry-run"])
def test_without_a_key_the_setting_is_named(everflow_only: Terminal, command: str) -> None:
    bare = Terminal({**everflow_only.environment, "RELANCE_EVERFLOW__API_KEY": ""})
    ended = bare.run(*command.split())
    assert ended.code == 2
    assert "RELANCE_EVERFLOW__API_KEY" in ended.err
