"""Low alerts that the digest of all rules tells: their own group says nothing of them (SPEC A2)."""

from __future__ import annotations

from relance.domain.alerts.delivery import Done, Idle, next_action
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.failures import Severity
from tests.domain.alerts.groups import DAY, HOUR, MINUTE, GroupHarness, firing

LOW, HIGH = Severity.LOW, Severity.HIGH
TOGETHER = AlertPolicy(low_by_rule=False)


def test_low_alerts_are_left_to_the_digest_of_all_rules() -> None:
    desk = GroupHarness(TOGETHER)
    desk.fire(firing("a", LOW), firing("b", LOW))
    desk.pass_time(3 * DAY)
    assert desk.told == []
    assert isinstance(next_action(desk.group, desk.now, desk.policy), Idle)


def test_a_group_of_low_alerts_ends_when_they_are_over() -> None:
    desk = GroupHarness(TOGETHER)
    desk.fire(firing("a", LOW))
    desk.pass_time(HOUR)
    desk.clear("a")
    desk.pass_time(2 * HOUR)
    assert isinstance(next_action(desk.group, desk.now, desk.policy), Done)
    assert (desk.told, desk.group.counts.resolved) == ([], 1)


def test_a_low_alert_that_comes_and_goes_keeps_its_group_no_longer_than_it_takes_to_settle() -> None:
    desk = GroupHarness(TOGETHER)
    for _ in range(6):
        desk.fire(firing("a", LOW))
        desk.pass_time(MINUTE)
        desk.clear("a")
        desk.pass_time(MINUTE)
    desk.pass_time(DAY)
    assert isinstance(next_action(desk.group, desk.now, desk.policy), Done)
    assert desk.told == []


def test_what_rises_above_low_is_told_at_once_and_what_is_high_is_told_as_ever() -> None:
    desk = GroupHarness(TOGETHER)
    desk.fire(firing("a", LOW))
    desk.pass_time(HOUR)
    desk.fire(firing("a", HIGH), firing("b", HIGH))
    assert [(telling, keys) for _, telling, keys in desk.told] == [("firing", "ab")]
