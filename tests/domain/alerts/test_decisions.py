from __future__ import annotations

import pytest

from relance.domain.alerts.delivery import Idle
from relance.domain.alerts.lifecycle import acknowledge, fire, inhibit, silence
from relance.domain.alerts.model import AlertState
from tests.domain.alerts.groups import HOUR, MINUTE, SECOND, START, GroupHarness, firing


def test_a_silence_postpones_and_what_ends_under_it_is_not_told() -> None:
    desk = GroupHarness()
    desk.group = silence(
        fire(desk.group, [firing("a"), firing("b")], START, desk.policy).group, "ab", START + HOUR
    ).group
    desk.pass_time(10 * MINUTE)
    desk.clear("b")
    desk.pass_time(49 * MINUTE)
    assert desk.told == []
    desk.pass_time(MINUTE)
    assert desk.told == [(HOUR, "firing", "a")]


def test_a_silence_holds_however_bad_it_gets() -> None:
    desk = GroupHarness()
    desk.fire(firing(value=100))
    desk.take(silence(desk.group, ["a"], START + 3 * HOUR))
    desk.pass_time(HOUR)
    desk.fire(firing(value=900))
    desk.pass_time(HOUR)
    assert len(desk.told) == 1


def test_an_inhibited_group_is_quiet_and_speaks_when_released() -> None:
    desk = GroupHarness()
    desk.group = inhibit(desk.group, "everflow-down")
    desk.fire(firing())
    desk.pass_time(5 * HOUR)
    assert desk.told == []
    assert desk.group.counts.suppressed == 1
    assert isinstance(desk.next, Idle)
    desk.group = inhibit(desk.group, None)
    desk.pass_time(SECOND)
    assert [telling for _, telling, _ in desk.told] == ["firing"]


@pytest.mark.parametrize("state", [AlertState.ACKNOWLEDGED, AlertState.SILENCED])
def test_a_person_can_decide_only_about_open_alerts(state: AlertState) -> None:
    desk = GroupHarness()
    desk.fire(firing())
    desk.clear("a")
    desk.pass_time(10 * MINUTE)
    step = (
        acknowledge(desk.group, ["a", "nobody"])
        if state is AlertState.ACKNOWLEDGED
        else silence(desk.group, ["a", "nobody"], desk.now + HOUR)
    )
    assert step == (desk.group, ())


def test_an_alert_silenced_after_it_was_acknowledged_untold_is_told_when_the_silence_ends() -> None:
    desk = GroupHarness()
    desk.fire(firing("b"))
    desk.fire(firing("a"))
    desk.take(acknowledge(desk.group, ["a"]))
    desk.take(silence(desk.group, ["a"], START + HOUR))
    desk.pass_time(2 * HOUR)
    assert desk.told[1:] == [(HOUR, "firing", "a")]


def test_the_end_of_an_alert_that_was_told_is_not_told_under_a_silence() -> None:
    desk = GroupHarness()
    desk.fire(firing())
    desk.take(silence(desk.group, ["a"], START + HOUR))
    desk.clear("a")
    desk.pass_time(5 * HOUR)
    assert [telling for _, telling, _ in desk.told] == ["firing"]
    assert desk.group.members == {}
