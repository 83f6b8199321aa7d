"""A new installation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client

from relance import ids
from relance.contracts.cycle import CycleInput
from relance.contracts.names import JobName
from relance.devstack.stack import Stack
from relance.domain.cycle.send_times import next_period
from relance.temporal.namespace import raise_retention, retention
from tests.cli.conftest import with_sample_people
from tests.support.terminal import Terminal


@pytest.fixture(scope="module")
async def terminal(stack: Stack, client: Client) -> Terminal:
    """A terminal on a database that has no index yet."""
    return await with_sample_people(stack, client, f"cli_{uuid4().hex[:8]}")


def expected_periods(now: datetime) -> set[str]:
    """This month, and the next one when the day on which it is opened (the 25th at 06:00) has passed already."""
    local = now.astimezone(ZoneInfo("Europe/Paris"))
    periods = {f"{local:%Y-%m}"}
    if (local.day, local.hour) >= (25, 6):
        periods.add(f"{local.replace(day=1) + timedelta(days=31):%Y-%m}")
    return periods


def states_of(what: str, terminal: Terminal) -> set[str]:
    """Return what the doctor says of something."""
    return {check["state"] for check in terminal.run("doctor", "--json").data["checks"] if check["what"] == what}


async def test_the_first_bootstrap_prepares_everything_and_the_second_changes_nothing(
    terminal: Terminal, client: Client
) -> None:
    assert "wrong" in states_of("MongoDB", terminal), "it has no index yet"
    before = datetime.now(UTC)
    first = terminal.json("bootstrap")
    periods = expected_periods(before)
    assert (first["retention"], first["retention_days"]) == ("raised", 30)
    assert "invitations(period, userId, contactId)" in first["indexes_created"]
    schedules = ("monthly-cycle", *JobName, "default-lp", "paused-partner")
    assert first["schedules"] == dict.fromkeys(schedules, "created")
    assert first["periods"] == dict.fromkeys(periods, "started")
    assert "wrong" not in states_of("MongoDB", terminal)
    second = terminal.json("bootstrap")
    assert (second["retention"], second["retention_days"]) == ("found", 30)
    assert second["indexes_created"] == []
    assert second["schedules"] == dict.fromkeys(schedules, "updated")
    assert second["periods"] == dict.fromkeys(periods, "running")
    for period in periods:
        request = await started_with(client, period)
        # Only the send times still ahead (SPEC C1).
        assert request.not_before is not None
        assert timedelta(0) <= request.not_before - before < timedelta(minutes=1)
        await client.get_workflow_handle(ids.cycle_workflow_id(period)).terminate()


async def test_only_the_monthly_schedule_says_which_periods_have_no_opening_of_their_own(
    terminal: Terminal, client: Client
) -> None:
    """The checks come earlier, and open nothing."""
    periods = [f"{datetime.now(ZoneInfo('Europe/Paris')):%Y-%m}"]
    while len(periods) < 4:
        periods.append(next_period(periods[-1]))
    check, cycle = (int(period[5:]) for period in periods[2:])
    sparse = {
        "RELANCE_SCHEDULING__CYCLE_CRON": f"0 6 25 {cycle} *",
        "RELANCE_EVERFLOW__DEFAULT_LP_CRON": f"0 9 1 {check} *",
        "RELANCE_EVERFLOW__PAUSED_CRON": f"0 8 1 {check} *",
    }
    said = Terminal({**terminal.environment, **sparse}).json("bootstrap")
    assert list(said["periods"]) == periods
    # Those of the test before were terminated: they are not started again by itself.
    states = {period: "ended" if period in expected_periods(datetime.now(UTC)) else "started" for period in periods}
    assert said["periods"] == states
    for period in (one for one, state in states.items() if state == "started"):
        await client.get_workflow_handle(ids.cycle_workflow_id(period)).terminate()


async def started_with(client: Client, period: str) -> CycleInput:
    history = await client.get_workflow_handle(ids.cycle_workflow_id(period)).fetch_history()
    payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
    [request] = await client.data_converter.decode(payloads, [CycleInput])
    assert isinstance(request, CycleInput)
    return request


async def test_a_longer_retention_is_never_shortened(client: Client) -> None:
    await raise_retention(client, timedelta(days=60))
    found = await raise_retention(client, timedelta(days=30))
    assert (found.before, found.now) == (timedelta(days=60), timedelta(days=60))
    assert await retention(client) == timedelta(days=60)


async def test_a_namespace_that_does_not_exist_is_named_with_its_remedy(terminal: Terminal) -> None:
    ended = Terminal({**terminal.environment, "TEMPORAL_NAMESPACE": "nowhere"}).run("bootstrap")
    assert ended.code == 2
    assert "'nowhere' does not exist" in ended.err
    assert "namespace create nowhere" in ended.err
