"""The Schedules on a real server."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client

from relance.contracts.names import MONTHLY_SCHEDULE, Workflow
from relance.settings import Settings
from relance.temporal import schedules
from tests.cli.terminal import Terminal


@pytest.fixture
def applied(terminal: Terminal) -> Terminal:
    terminal.json("schedules", "apply")
    return terminal


def only(answer: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    assert len(answer["schedules"]) == 1
    return answer["schedules"][0]


async def started(client: Client) -> set[str]:
    found = client.list_workflows(f"WorkflowType = '{Workflow.OPEN_PERIOD}'")
    return {one.id async for one in found}


async def until_started(client: Client, wanted: set[str]) -> set[str]:
    # Visibility is eventually consistent.
    for _ in range(100):
        found = await started(client)
        if wanted <= found:
            return found
        await asyncio.sleep(0.1)
    return await started(client)


def test_the_list_says_what_is_not_applied_yet(terminal: Terminal) -> None:
    line = only(terminal.json("schedules", "list"))
    assert line["present"] is False
    assert "schedules apply" in terminal.run("schedules", "list").out
    ended = terminal.run("schedules", "trigger", MONTHLY_SCHEDULE)
    assert ended.code == 2
    assert "schedules apply" in ended.err


def test_apply_creates_then_updates(terminal: Terminal) -> None:
    assert only(terminal.json("schedules", "apply"))["change"] == "created"
    assert only(terminal.json("schedules", "apply"))["change"] == "updated"
    line = only(terminal.json("schedules", "list"))
    assert line["note"] == "managed by relance"
    assert line["paused"] is False
    times = line["next_times"]
    assert isinstance(times, list)
    # 06:00 in Paris is 05:00 UTC in winter and 04:00 in summer.
    assert {time[8:] for time in times} == {"25T05:00:00Z", "25T04:00:00Z"}


def test_apply_keeps_an_operators_pause_and_his_note(applied: Terminal) -> None:
    applied.json("schedules", "pause", MONTHLY_SCHEDULE, "--reason", "the relay moves house")
    assert only(applied.json("schedules", "apply"))["paused"] is True
    line = only(applied.json("schedules", "list"))
    assert (line["paused"], line["note"]) == (True, "the relay moves house")
    applied.json("schedules", "resume", MONTHLY_SCHEDULE)
    line = only(applied.json("schedules", "list"))
    assert (line["paused"], line["note"]) == (False, "managed by relance")


async def test_a_changed_setting_reaches_the_server(applied: Terminal, client: Client) -> None:
    changed = Settings.model_validate({"scheduling": {"cycle_cron": "30 4 20 * *", "cycle_catchup": "P3D"}})
    await schedules.apply(client, changed)
    found = await client.get_schedule_handle(MONTHLY_SCHEDULE).describe()
    assert found.schedule.policy.catchup_window == timedelta(days=3)
    assert {(time.day, time.minute) for time in found.info.next_action_times} == {(20, 30)}


async def test_a_backfill_includes_both_ends(applied: Terminal, client: Client) -> None:
    ends = ("--from", "2026-08-25T06:00", "--to", "2026-09-25T06:00")
    applied.json("schedules", "backfill", MONTHLY_SCHEDULE, *ends)
    # The second one waits for the first, which no worker runs here; the third month lies outside.
    first = "open-period-2026-08-25T04:00:00Z"
    assert first in await until_started(client, {first})
    await client.get_workflow_handle(first).terminate()
    second = "open-period-2026-09-25T04:00:00Z"
    assert await until_started(client, {first, second}) == {first, second}
    await client.get_workflow_handle(second).terminate()


async def test_trigger_acts_once_now(applied: Terminal, client: Client) -> None:
    before = await started(client)
    applied.json("schedules", "trigger", MONTHLY_SCHEDULE)
    for _ in range(100):
        new = await started(client) - before
        if new:
            break
        await asyncio.sleep(0.1)
    assert len(new) == 1
    await client.get_workflow_handle(new.pop()).terminate()


def test_the_preview_of_a_user_knows_his_preferences(terminal: Terminal) -> None:
    # The fourth sample user wants the 28th at 02:30, which does not exist in Paris on 2027-03-28.
    sends = terminal.json("schedules", "preview", "--user", "u0004", "--months", "18")["sends"]
    shifted = {send["period"]: send for send in sends if send["notes"]}
    assert shifted["2027-03"]["local"] == "2027-03-28T03:30"
    assert shifted["2027-03"]["utc"] == "2027-03-28T01:30:00Z"
    assert "clocks skip it" in shifted["2027-03"]["notes"][0]
    ended = terminal.run("schedules", "preview", "--user", "u9999")
    assert ended.code == 2
    assert "u9999" in ended.err
