"""What the doctor says about Everflow; the rest is in test_cycle and test_unreachable."""

from __future__ import annotations

import pytest

from relance.contracts.names import CheckName, JobName
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.everflow.gate import AFFILIATE_KEY
from tests.support.terminal import Terminal


def everflow_check(terminal: Terminal, **changed: str) -> dict[str, str]:
    ended = Terminal({**terminal.environment, **changed}).run("doctor", "--json")
    checks: dict[str, dict[str, str]] = {check["what"]: check for check in ended.data["checks"]}
    schedules = {what for what in checks if what.startswith("Schedule ")}
    checks_scheduled = changed.get("RELANCE_EVERFLOW__API_KEY") != ""
    assert len(schedules) == 1 + len(JobName) + (len(CheckName) if checks_scheduled else 0)
    return checks["Everflow"]


async def test_a_key_that_works_and_a_known_zone_and_currency_are_fine(
    terminal: Terminal, everflow: EverflowControl
) -> None:
    found = everflow_check(terminal)
    assert (found["state"], found["remedy"]) == ("ok", "")
    assert "Europe/Amsterdam and EUR" in found["detail"]


async def test_without_a_key_there_are_no_checks_and_nothing_is_wrong(
    terminal: Terminal, everflow: EverflowControl
) -> None:
    found = everflow_check(terminal, RELANCE_EVERFLOW__API_KEY="")
    assert (found["state"], found["detail"]) == ("ok", "no key: the partner desk's checks are not scheduled")
    assert await everflow.calls() == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"RELANCE_EVERFLOW__API_KEY": "wrong"}, "RELANCE_EVERFLOW__API_KEY"),
        ({"RELANCE_EVERFLOW__API_KEY": AFFILIATE_KEY}, "network key"),
        ({"RELANCE_EVERFLOW__TIMEZONE": "Europe/Vaduz"}, "RELANCE_EVERFLOW__TIMEZONE"),
        ({"RELANCE_EVERFLOW__CURRENCY": "XXX"}, "RELANCE_EVERFLOW__CURRENCY"),
    ],
)
async def test_what_everflow_refuses_is_wrong_and_says_what_to_mend(
    terminal: Terminal, everflow: EverflowControl, changed: dict[str, str], named: str
) -> None:
    found = everflow_check(terminal, **changed)
    assert found["state"] == "wrong"
    assert named in found["detail"]
    assert found["remedy"]
