"""The Schedules on a real server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.workflowservice.v1 import ListScheduleMatchingTimesRequest
from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow, ScheduleSpec, ScheduleState
from temporalio.service import RPCError

from relance.contracts.checks import CheckInput
from relance.contracts.names import MONTHLY_SCHEDULE, CheckName, JobName, TaskQueue, Workflow
from relance.domain.jobs.cron import weekdays
from relance.settings import Settings
from relance.temporal import schedules
from tests.domain.jobs.test_cron import CRONS, MISREAD, NEVER, NO_CRONS
from tests.support.terminal import Terminal


@pytest.fixture
def applied(terminal: Terminal) -> Terminal:
    terminal.json("schedules", "apply")
    return terminal


def monthly(answer: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    assert [one["id"] for one in answer["schedules"]] == [MONTHLY_SCHEDULE, *JobName, "default-lp", "paused-partner"]
    return answer["schedules"][0]


async def started(client: Client, workflow: Workflow = Workflow.OPEN_PERIOD) -> set[str]:
    found = client.list_workflows(f"WorkflowType = '{workflow}'")
    return {one.id async for one in found}


async def until_started(client: Client, wanted: set[str], workflow: Workflow = Workflow.OPEN_PERIOD) -> set[str]:
    # Visibility is eventually consistent.
    for _ in range(100):
        found = await started(client, workflow)
        if wanted <= found:
            return found
        await asyncio.sleep(0.1)
    return await started(client, workflow)


def test_the_list_says_what_is_not_applied_yet(terminal: Terminal) -> None:
    line = monthly(terminal.json("schedules", "list"))
    assert line["present"] is False
    assert "schedules apply" in terminal.run("schedules", "list").out
    ended = terminal.run("schedules", "trigger", MONTHLY_SCHEDULE)
    assert ended.code == 2
    assert "schedules apply" in ended.err


def test_apply_creates_then_updates(terminal: Terminal) -> None:
    assert monthly(terminal.json("schedules", "apply"))["change"] == "created"
    assert monthly(terminal.json("schedules", "apply"))["change"] == "updated"
    line = monthly(terminal.json("schedules", "list"))
    assert line["note"] == "managed by relance"
    assert line["paused"] is False
    times = line["next_times"]
    assert isinstance(times, list)
    # 06:00 in Paris is 05:00 UTC in winter and 04:00 in summer.
    assert {time[8:] for time in times} == {"25T05:00:00Z", "25T04:00:00Z"}


def test_apply_keeps_an_operators_pause_and_his_note(applied: Terminal) -> None:
    applied.json("schedules", "pause", MONTHLY_SCHEDULE, "--reason", "the relay moves house")
    assert monthly(applied.json("schedules", "apply"))["paused"] is True
    line = monthly(applied.json("schedules", "list"))
    assert (line["paused"], line["note"]) == (True, "the relay moves house")
    applied.json("schedules", "resume", MONTHLY_SCHEDULE)
    line = monthly(applied.json("schedules", "list"))
    assert (line["paused"], line["note"]) == (False, "managed by relance")


async def test_a_changed_setting_reaches_the_server(applied: Terminal, client: Client) -> None:
    changed = Settings.model_validate({"scheduling": {"cycle_cron": "30 4 20 * *", "cycle_catchup": "P3D"}})
    await schedules.apply(client, changed)
    found = await client.get_schedule_handle(MONTHLY_SCHEDULE).describe()
    assert found.schedule.policy.catchup_window == timedelta(days=3)
    assert {(time.day, time.minute) for time in found.info.next_action_times} == {(20, 30)}


async def test_the_server_takes_the_cron_expressions_we_take_and_no_other(client: Client) -> None:
    action = ScheduleActionStartWorkflow("Nothing", id="nothing", task_queue=TaskQueue.OPS)
    wrong: dict[str, str] = {}
    for number, cron in enumerate([*CRONS, *NO_CRONS, *NEVER, *MISREAD]):
        try:
            created = await client.create_schedule(
                f"grammar-{number}",
                Schedule(action, ScheduleSpec(cron_expressions=[cron]), state=ScheduleState(paused=True)),
            )
        except RPCError as error:
            if cron not in NO_CRONS:
                wrong[cron] = error.message
        else:
            await created.delete()
            if cron in NO_CRONS:
                wrong[cron] = "taken"
    assert wrong == {}


async def test_a_zone_in_the_expression_is_that_of_its_schedule(applied: Terminal, client: Client) -> None:
    changed = Settings.model_validate({"scheduling": {"cycle_cron": "CRON_TZ=America/New_York 0 6 25 * *"}})
    await schedules.apply(client, changed)
    found = await client.get_schedule_handle(MONTHLY_SCHEDULE).describe()
    assert found.schedule.spec.time_zone_name == "America/New_York"
    assert {time.hour for time in found.info.next_action_times} <= {10, 11}
    await schedules.apply(client, Settings())


KEY = {"api_key": "stub-network-key"}
WEEKDAYS = ("*", "1,3,5", "MON,wed,Fri", "mon-fri", "0", "7", "5-7", "1-5/2", "*/2", "2/2", "sat,1-2")


async def test_the_checks_run_in_the_zone_of_the_reports_across_a_clock_change(
    applied: Terminal, client: Client
) -> None:
    """Nine o'clock in Amsterdam is 08:00 UTC until 27 March 2027 and 07:00 UTC from the 28th on."""
    expected = {
        # A Friday to a Monday.
        "default-lp": ["26T08:00", "27T08:00", "28T07:00", "29T07:00"],
        "paused-partner": ["26T07:00", "29T06:00"],
    }
    for name, times in expected.items():
        span = {"start": datetime(2027, 3, 26, tzinfo=UTC), "end": datetime(2027, 3, 30, tzinfo=UTC)}
        assert [f"{at:%dT%H:%M}" for at in await matching(client, name, **span)] == times
        found = await client.get_schedule_handle(name).describe()
        assert found.schedule.spec.time_zone_name == "Europe/Amsterdam"
        assert found.schedule.policy.catchup_window == timedelta(hours=1)


@pytest.mark.parametrize(
    ("job", "every"), [(JobName.HEALTH, timedelta(minutes=5)), (JobName.RECONCILE, timedelta(hours=1))]
)
async def test_a_job_of_every_hour_runs_on_while_the_clock_is_put_back(
    applied: Terminal, client: Client, job: JobName, every: timedelta
) -> None:
    """In Paris the hour from 00:00 UTC on 31 October 2027 comes again from 01:00 UTC on."""
    start = datetime(2027, 10, 30, 23, tzinfo=UTC)
    times = await matching(client, job, start=start, end=start + timedelta(hours=4))
    assert times == [start + number * every for number in range(1, timedelta(hours=4) // every + 1)]


async def matching(client: Client, schedule: str, start: datetime, end: datetime) -> list[datetime]:
    request = ListScheduleMatchingTimesRequest(namespace=client.namespace, schedule_id=schedule)
    request.start_time.FromDatetime(start)
    request.end_time.FromDatetime(end)
    answer = await client.workflow_service.list_schedule_matching_times(request)
    return [at.ToDatetime(UTC) for at in answer.start_time]


async def test_a_check_is_started_with_the_settings_and_has_a_day(applied: Terminal, client: Client) -> None:
    """Longer than its catch-up window: one that found no worker in time records that itself."""
    for name, workflow in ((CheckName.DEFAULT_LP, "DefaultLpAlert"), (CheckName.PAUSED_PARTNER, "PausedPartnerCheck")):
        action = (await client.get_schedule_handle(name).describe()).schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert (action.workflow, action.task_queue, action.id) == (workflow, TaskQueue.OPS, name)
        assert action.execution_timeout == timedelta(days=1)
        [request] = await client.data_converter.decode(action.args, [CheckInput])
        assert request == CheckInput(patience=timedelta(minutes=30), max_wait=timedelta(hours=1))


async def test_changed_settings_of_a_check_reach_the_server(applied: Terminal, client: Client) -> None:
    own = {**KEY, "timezone": "America/New_York", "default_lp_cron": "15 7 * * *", "default_lp_catchup": "PT3H"}
    await schedules.apply(client, Settings.model_validate({"everflow": own}))
    found = (await client.get_schedule_handle("default-lp").describe()).schedule
    assert (found.spec.time_zone_name, found.policy.catchup_window) == ("America/New_York", timedelta(hours=3))
    at = await matching(client, "default-lp", datetime(2027, 1, 5, tzinfo=UTC), datetime(2027, 1, 6, tzinfo=UTC))
    assert at == [datetime(2027, 1, 5, 12, 15, tzinfo=UTC)]


async def test_the_server_reads_weekdays_as_we_do(client: Client) -> None:
    monday = datetime(2027, 1, 4, tzinfo=UTC)
    wrong: dict[str, frozenset[int]] = {}
    for number, field in enumerate(WEEKDAYS):
        own = {**KEY, "timezone": "UTC", "paused_cron": f"0 8 * * {field}"}
        declared = schedules.declared(Settings.model_validate({"everflow": own}))
        [check] = [one for one in declared if one.id == "paused-partner"]
        name = f"weekdays-{number}"
        created = await client.create_schedule(name, check.schedule(ScheduleState(paused=True)))
        found = frozenset(at.weekday() for at in await matching(client, name, monday, monday + timedelta(days=7)))
        await created.delete()
        if found != weekdays(own["paused_cron"]):
            wrong[field] = found
    assert wrong == {}


def test_without_a_key_the_checks_are_not_scheduled() -> None:
    assert [one.id for one in schedules.declared(Settings())] == [MONTHLY_SCHEDULE, *JobName]


async def test_a_check_is_paused_and_triggered_like_any_other(applied: Terminal, client: Client) -> None:
    applied.json("schedules", "pause", "paused-partner", "--reason", "the account moves")
    lines = {line["id"]: line for line in applied.json("schedules", "list")["schedules"]}
    assert (lines["paused-partner"]["paused"], lines["default-lp"]["paused"]) == (True, False)
    applied.json("schedules", "resume", "paused-partner")
    shown = applied.run("schedules", "trigger", "default-lp").out
    assert "default-lp acts now" in shown
    for _ in range(100):
        triggered = await started(client, Workflow.DEFAULT_LP)
        if triggered:
            break
        await asyncio.sleep(0.1)
    assert len(triggered) == 1
    await client.get_workflow_handle(triggered.pop()).terminate()


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
