"""What a changed or paused Schedule leaves out is said and opened; what was ended by hand is named and goes on."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client

import starter
from relance import ids
from relance.contracts.cycle import CycleInput
from relance.contracts.names import MONTHLY_SCHEDULE, JobName
from relance.domain.cycle.send_times import current_period, period_of_opening
from relance.domain.jobs.run import LATE, PAUSED, JobRun
from relance.runtime.process_exit import UNREACHABLE
from tests.cli.desk import stored
from tests.faults.missed_month.site import zone_at_noon
from tests.support.installation import ROOT
from tests.support.terminal import Terminal

TRIES = 5
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
ZONE = zone_at_noon(NOW)
NOMINAL = NOW - timedelta(minutes=2)
LOST = period_of_opening(NOMINAL, ZONE)
MISSED = sorted({current_period(NOW, ZONE), LOST})
"""Its Schedule opens a month of its own each month: the next one when the 15th has passed."""
HOUR = timedelta(hours=1)


def cron_at(at: datetime, *, daily: bool = False) -> str:
    local = at + (12 - NOW.hour) * HOUR
    return f"{local.minute} {local.hour} {'*' if daily else local.day} * *"


@pytest.fixture(scope="module")
async def here(terminal: Terminal) -> Terminal:
    """The terminal of an installation whose month was to be opened two minutes ago."""
    own = {
        "RELANCE_SCHEDULING__DEFAULT_ZONE": ZONE,
        "RELANCE_SCHEDULING__CYCLE_CRON": cron_at(NOMINAL),
        # The next opening, a month ahead, is in time on whatever day this runs.
        "RELANCE_SCHEDULING__MAX_LATE": "P28D",
        "RELANCE_EVERFLOW__API_KEY": "",
    }
    async with starter.database(stored(terminal)) as database:
        await database.ensure_indexes()
    return Terminal({**terminal.environment, **own})


async def started_with(client: Client, period: str) -> CycleInput:
    history = await client.get_workflow_handle(ids.cycle_workflow_id(period)).fetch_history()
    payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
    [request] = await client.data_converter.decode(payloads, [CycleInput])
    assert isinstance(request, CycleInput)
    return request


def stopped(terminal: Terminal) -> dict[str, str]:
    ended = terminal.run("watchdog", "--json")
    return {one["what"]: one["detail"] for one in ended.data["effects"] if one["state"] == "stopped"}


def test_apply_names_the_months_that_no_schedule_will_open_and_opens_none_by_itself(here: Terminal) -> None:
    for options in ((), ("--leave-missed",)):
        said = here.json("schedules", "apply", *options)
        assert [(one["period"], one["opened"]) for one in said["missed"]] == [(one, False) for one in MISSED]
    last = said["missed"][-1]
    assert last["opening"] == f"{NOMINAL:%Y-%m-%dT%H:%M:%SZ}"
    assert last["remedy"] == f"starter.py start cycle --period {LOST}"
    shown = here.run("schedules", "apply").out
    assert f"{LOST} is left out (its opening would have been" in shown
    assert f"`starter.py start cycle --period {LOST}`" in shown.replace("\n", " ")


def test_on_a_terminal_a_person_is_asked(here: Terminal) -> None:
    primary, secondary = os.openpty()
    command = [sys.executable, str(ROOT / "starter.py"), "schedules", "apply"]
    environment = {**os.environ, **here.environment}
    with subprocess.Popen(command, stdin=secondary, stdout=secondary, stderr=secondary, env=environment) as process:
        os.write(primary, b"n\n")
        assert process.wait(60) == 0
        os.set_blocking(primary, False)
        shown = os.read(primary, 100_000).decode()
    os.close(primary)
    os.close(secondary)
    assert "Start the cycles of these periods now?" in shown
    assert [one["opened"] for one in here.json("schedules", "apply")["missed"]] == [False] * len(MISSED)


async def test_they_are_opened_if_a_script_says_so_and_nothing_is_left_out_then(here: Terminal, client: Client) -> None:
    async with starter.database(stored(here)) as database:
        at = datetime.now(UTC)
        assert await database.job_runs.record(JobRun(job=MONTHLY_SCHEDULE, nominal=NOMINAL, state=PAUSED, at=at))
    said = here.json("schedules", "apply", "--open-missed")
    assert [(one["period"], one["opened"]) for one in said["missed"]] == [(one, True) for one in MISSED]
    assert here.json("schedules", "apply")["missed"] == []
    for period in MISSED:
        # A fresh installation: only the send times still ahead (SPEC C1).
        assert (await started_with(client, period)).not_before is not None
    async with starter.database(stored(here)) as database:
        [run] = await database.job_runs.runs(job=MONTHLY_SCHEDULE)
        assert (run.nominal, run.state, run.history[0].state) == (NOMINAL, LATE, PAUSED)


async def test_a_cycle_that_was_ended_by_hand_is_named_left_alone_and_goes_on_by_command(
    here: Terminal, client: Client
) -> None:
    handle = client.get_workflow_handle(ids.cycle_workflow_id(LOST))
    before = await started_with(client, LOST)
    assert f"period {LOST}" not in stopped(here)
    await handle.terminate("a test")
    said = stopped(here)[f"period {LOST}"]
    assert said == (
        f"its cycle was ended by hand (terminated) before it planned: `starter.py start cycle --period {LOST}` goes on"
    )
    doctor = here.run("doctor", "--json")
    for _ in range(TRIES):
        if doctor.code != UNREACHABLE:
            break
        # A busy machine has not answered within the patience of `doctor`.
        doctor = here.run("doctor", "--json")
    [probe] = [one for one in doctor.data["health"] if one["probe"] == "periods"]
    assert (doctor.code, probe["now"], probe["detail"]) == (1, "bad", f"{LOST} ended_unplanned")
    # Neither of them starts it again: somebody may have wanted to stop mails.
    assert here.json("bootstrap")["periods"][LOST] == "ended"
    assert here.json("schedules", "apply", "--open-missed")["missed"] == []
    answer = here.json("start", "cycle", "--period", LOST)
    assert (answer["state"], "goes on from its ledger" in answer["message"]) == ("started", True)
    assert (await started_with(client, LOST)).not_before == before.not_before
    assert f"period {LOST}" not in stopped(here)
    assert here.json("start", "cycle", "--period", LOST)["state"] == "running"


def test_a_job_moved_to_an_hour_that_has_passed_says_that_it_leaves_today_out(here: Terminal) -> None:
    def apply(at: datetime) -> Any:
        own = {**here.environment, "RELANCE_JOBS__DIGEST_CRON": cron_at(at, daily=True)}
        return {one["id"]: one for one in Terminal(own).json("schedules", "apply")["schedules"]}[JobName.DIGEST]

    coming = NOW + 2 * HOUR
    apply(coming)
    changed = apply(NOW - 2 * HOUR)
    assert (changed["left_out"], changed["left_out_times"]) == (1, [f"{coming:%Y-%m-%dT%H:%M:%SZ}"])
    assert apply(NOW - 2 * HOUR)["left_out"] == 0


async def test_a_pause_names_the_next_time_and_its_end_those_that_have_passed(here: Terminal) -> None:
    own = Terminal({**here.environment, "RELANCE_JOBS__NOISE_REPORT_CRON": "*/4 * * * * * *"})
    own.json("schedules", "apply")
    said = own.json("schedules", "pause", JobName.NOISE, "--reason", "a test")
    until = datetime.fromisoformat(said["will_not_act_on"])
    await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 1)
    resumed = own.json("schedules", "resume", JobName.NOISE)
    assert resumed["left_out"] >= 1
    assert resumed["missed"] == []
    # Nobody works here: nothing waits behind what the Schedule has started meanwhile.
    own.json("schedules", "pause", JobName.NOISE, "--reason", "a test")
