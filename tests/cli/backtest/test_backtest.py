"""On which past days a check would have fired, from a network that computes its reports."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.dataset import World
from relance.devstack.everflow.faults import TABLE, Cut, Slow, StatusFault
from relance.devstack.everflow.samples import sample_world
from relance.domain.zones import zone_info
from tests.cli.checks import MORNING
from tests.support.terminal import Ended, Terminal

TWO_WEEKS = ("--from", (MORNING - timedelta(days=13)).isoformat(), "--to", MORNING.isoformat())


def backtest(terminal: Terminal, *arguments: str) -> dict[str, Any]:
    return terminal.json("backtest", *arguments)


def without_day(world: World, day: date) -> World:
    kept = [fact for fact in world.facts if fact.hour.astimezone(zone_info(world.zone)).date() != day]
    return world.model_copy(update={"facts": tuple(kept)})


async def test_default_lp_would_have_fired_on_one_day_of_two_weeks(
    network: EverflowControl, everflow_only: Terminal
) -> None:
    # So slow that calls which are under way at once meet, also on a busy machine.
    await network.add_fault(Slow(path=TABLE, seconds=0.2))
    said = backtest(everflow_only, "default-lp", *TWO_WEEKS)
    assert (said["check"], said["from"], said["to"]) == ("default-lp", "2025-10-23", "2025-11-05")
    assert said["thresholds"] == {"clicks": 50}
    assert (len(said["days"]), said["fired_days"], said["no_data_days"]) == (14, ["2025-11-05"], [])
    assert [day["day"] for day in said["days"]] == sorted(day["day"] for day in said["days"])
    assert all(day["rows"] > 0 for day in said["days"])
    [found] = said["days"][-1]["findings"]
    assert (found["subject"], found["value"], found["window"]["last_day"]) == ("0.1.376", "63", "2025-11-04")
    # At most four calls at once, as many days as there may be.
    assert 1 < (await network.stats()).reports_at_once <= 4


async def test_paused_partner_is_tried_on_its_own_weekdays_only(
    network: EverflowControl, everflow_only: Terminal
) -> None:
    said = backtest(everflow_only, "paused-partner", *TWO_WEEKS)
    assert {date.fromisoformat(day["day"]).weekday() for day in said["days"]} == {0, 2, 4}
    assert (len(said["days"]), said["fired_days"]) == (6, ["2025-11-05"])
    assert len(backtest(everflow_only, "paused-partner", *TWO_WEEKS, "--every-day")["days"]) == 14


async def test_other_thresholds_are_tried_without_changing_a_setting(
    network: EverflowControl, everflow_only: Terminal
) -> None:
    assert backtest(everflow_only, "default-lp", *TWO_WEEKS, "--clicks", "63")["fired_days"] == []
    assert len(backtest(everflow_only, "default-lp", *TWO_WEEKS, "--clicks", "30")["fired_days"]) > 1
    said = backtest(everflow_only, "paused-partner", *TWO_WEEKS, "--drop", "49.9", "--revenue", "99.99")
    assert said["thresholds"] == {"drop": "49.9", "revenue": "99.99"}
    # The partner who lost exactly half, and the one who earned a cent too little.
    assert {found["subject"] for found in said["days"][-1]["findings"]} == {"154", "202", "203"}
    said = backtest(everflow_only, "paused-partner", *TWO_WEEKS, "--revenue", "500")
    assert said["fired_days"] == []


async def test_people_see_a_line_per_day_and_per_finding(network: EverflowControl, everflow_only: Terminal) -> None:
    ended = everflow_only.run("backtest", "paused-partner", *TWO_WEEKS, "--drop", "30")
    shown = ended.out.replace("\u00a0", " ")
    assert ended.code == 0, ended
    assert "Wed 2025-11-05" in shown
    assert "2–4 November 2025" in shown
    assert "Partner Beta · EUR 240.00 → EUR 0.00 · \u2212100% · account inactive" in shown
    assert "Partner Half · EUR 300.00 → EUR 150.00 · \u221250%" in shown
    assert "of 6 days" in shown


async def test_a_day_without_data_is_shown_and_stops_no_other(
    network: EverflowControl, everflow_only: Terminal
) -> None:
    await network.put_world(without_day(sample_world(MORNING), date(2025, 10, 29)))
    said = backtest(everflow_only, "default-lp", *TWO_WEEKS)
    assert (said["no_data_days"], said["fired_days"]) == (["2025-10-30"], ["2025-11-05"])
    [day] = [one for one in said["days"] if one["no_data"]]
    assert (day["no_data"], day["rows"], day["findings"]) == ("days", None, [])
    assert "2025-10-29" in day["detail"]
    ended = everflow_only.run("backtest", "default-lp", *TWO_WEEKS)
    assert ended.code == 0
    assert "no data (the report lacks a day)" in ended.out
    assert "1 day without data" in ended.out


async def test_one_broken_answer_costs_one_day(network: EverflowControl, everflow_only: Terminal) -> None:
    await network.add_fault(StatusFault(code=500, path="*/table", after=3, times=1))
    said = backtest(everflow_only, "default-lp", *TWO_WEEKS)
    [day] = [one for one in said["days"] if one["no_data"]]
    assert day["no_data"] == "unavailable"
    assert said["no_data_days"] == [day["day"]]


async def test_a_rate_limit_that_says_when_is_waited_for(network: EverflowControl, everflow_only: Terminal) -> None:
    await network.add_fault(StatusFault(code=429, path="*/table", retry_after="1", after=3, times=2))
    said = backtest(everflow_only, "default-lp", *TWO_WEEKS)
    assert (said["no_data_days"], said["fired_days"]) == ([], ["2025-11-05"])


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (StatusFault(code=503, path="*/table"), 3),
        (StatusFault(code=503), 3),
        (Cut(rows=1), 1),
        (StatusFault(code=401, error="No Authentication Method Found"), 1),
    ],
    ids=["no report at all", "nothing at all", "cut reports", "a wrong key"],
)
async def test_when_no_day_has_data_nothing_was_tested(
    network: EverflowControl, everflow_only: Terminal, fault: StatusFault | Cut, code: int
) -> None:
    await network.add_fault(fault)
    ended: Ended = everflow_only.run("backtest", "default-lp", *TWO_WEEKS, "--json")
    assert ended.code == code, ended
    assert ended.data.get("fired_days", []) == []
