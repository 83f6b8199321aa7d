from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import to_json

from relance.domain.alerts.delivery import next_action
from relance.domain.alerts.group import AlertGroup
from relance.domain.alerts.lifecycle import acknowledge, settled, silence
from relance.domain.alerts.model import AlertState
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.failures import Severity
from tests.domain.alerts.groups import DAY, HOUR, MINUTE, SECOND, START, GroupHarness, firing, most_in_any

POLICY = AlertPolicy()


def at(desk: GroupHarness) -> list[timedelta]:
    return [when for when, _ in desk.sent]


@pytest.mark.parametrize("severity", list(Severity))
def test_a_storm_of_one_group_is_at_most_two_messages_per_interval(severity: Severity) -> None:
    desk = GroupHarness()
    for number in range(200):
        desk.fire(firing(f"k{number}", severity))
        desk.pass_time(SECOND / 4)
    desk.pass_time(HOUR)
    assert most_in_any(POLICY.interval, at(desk)) <= 2
    if severity is not Severity.LOW:
        assert {line.key for _, one in desk.sent for line in one.lines} == {f"k{number}" for number in range(200)}


def test_a_storm_is_told_at_once_then_gathered_then_in_the_next_interval() -> None:
    desk = GroupHarness()
    for number in range(240):
        desk.fire(firing(f"k{number}", Severity.HIGH))
        desk.pass_time(SECOND / 4)
    desk.pass_time(HOUR)
    assert [(when, len(one.lines)) for when, one in desk.sent] == [
        (timedelta(0), 1),
        (30.25 * SECOND, 120),
        (15 * MINUTE, 119),
    ]


def test_the_same_firing_a_thousand_times_is_one_message() -> None:
    desk = GroupHarness()
    for _ in range(1000):
        desk.fire(firing())
        desk.pass_time(SECOND / 20)
    assert len(desk.sent) == 1
    assert (desk.group.counts.fired, desk.group.counts.suppressed) == (1, 999)


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("hold", [timedelta(0), 5 * MINUTE])
def test_an_alert_that_flaps_every_thirty_seconds_for_an_hour_is_told_in_a_digest(
    severity: Severity, hold: timedelta
) -> None:
    desk = GroupHarness(AlertPolicy(resolve_hold=hold))
    for _ in range(60):
        desk.fire(firing(severity=severity))
        desk.pass_time(30 * SECOND)
        desk.clear("a")
        desk.pass_time(30 * SECOND)
    assert most_in_any(POLICY.interval, at(desk)) <= 2
    assert len(desk.sent) <= 4
    desk.pass_time(2 * DAY)
    assert str(desk.sent[-1][1].telling) == ("digest" if severity is Severity.LOW else "resolved")
    assert desk.group.members == {}


def test_flapping_is_told_when_it_begins_and_then_hourly_until_it_calms() -> None:
    desk = GroupHarness()
    for _ in range(90):
        desk.fire(firing())
        desk.pass_time(MINUTE)
        desk.clear("a")
        desk.pass_time(MINUTE)
    desk.fire(firing())
    desk.pass_time(2 * HOUR)
    told = [(when, telling) for when, telling, _ in desk.told]
    assert told[:2] == [(timedelta(0), "firing"), (4 * MINUTE, "flapping")]
    assert [telling for _, telling in told[2:]] == ["flapping"] * 3 + ["firing"]
    assert [when for when, _ in told[2:5]] == [hours * HOUR + 4 * MINUTE for hours in (1, 2, 3)]
    assert told[-1][0] == 3 * HOUR + 30 * MINUTE


def test_slow_coming_and_going_is_told_each_time() -> None:
    desk = GroupHarness()
    for _ in range(3):
        desk.fire(firing())
        desk.pass_time(HOUR)
        desk.clear("a")
        desk.pass_time(HOUR)
    assert [telling for _, telling, _ in desk.told] == ["firing", "resolved"] * 3


def test_an_alert_that_comes_back_after_it_resolved_can_still_be_found_flapping() -> None:
    desk = GroupHarness()
    for _ in range(3):
        desk.fire(firing())
        desk.pass_time(7 * MINUTE)
        desk.clear("a")
        desk.pass_time(7 * MINUTE)
    assert "flapping" in [telling for _, telling, _ in desk.told]


def test_once_calm_one_more_change_is_no_flapping() -> None:
    desk = GroupHarness()
    for _ in range(2):
        desk.fire(firing())
        desk.pass_time(MINUTE)
        desk.clear("a")
        desk.pass_time(MINUTE)
    desk.fire(firing())
    assert desk.group.members["a"].flapping_since is not None
    desk.pass_time(40 * MINUTE)
    desk.clear("a")
    assert desk.group.members["a"].flapping_since is None


moves = st.one_of(
    st.tuples(st.just("fire"), st.sampled_from("abc"), st.sampled_from(list(Severity)), st.integers(1, 999)),
    st.tuples(st.just("clear"), st.sampled_from("abc")),
    st.tuples(st.just("wait"), st.integers(1, 4 * 3600)),
    st.tuples(st.just("ack"), st.sampled_from("abc")),
    st.tuples(st.just("silence"), st.sampled_from("abc"), st.integers(1, 7200)),
)


def play(desk: GroupHarness, move: tuple[object, ...]) -> None:
    match move:
        case ("fire", str(key), Severity() as severity, int(value)):
            desk.fire(firing(key, severity, value))
        case ("clear", str(key)):
            desk.clear(key)
        case ("wait", int(seconds)):
            desk.pass_time(seconds * SECOND)
        case ("ack", str(key)):
            desk.take(acknowledge(desk.group, [key]))
        case ("silence", str(key), int(seconds)):
            desk.take(silence(desk.group, [key], desk.now + seconds * SECOND))


@given(st.lists(moves, max_size=40))
def test_whatever_happens_no_interval_has_more_than_two_messages(script: list[tuple[object, ...]]) -> None:
    desk = GroupHarness()
    for move in script:
        play(desk, move)
    desk.pass_time(6 * HOUR)
    assert most_in_any(POLICY.interval, at(desk)) <= 2
    assert desk.group.counts.delivered == len(desk.sent)


@given(st.lists(moves, max_size=30))
def test_whatever_happened_an_open_alert_nobody_decided_about_has_been_told(script: list[tuple[object, ...]]) -> None:
    desk = GroupHarness()
    for move in script:
        play(desk, move)
    desk.pass_time(2 * DAY)
    named = {line.key for _, one in desk.sent for line in one.lines}
    for key, member in desk.group.members.items():
        assert member.state is not AlertState.SILENCED
        assert member.away_since is None
        assert key in named or member.state is AlertState.ACKNOWLEDGED
        assert member.news is None


@given(st.lists(moves, max_size=30), st.integers(0, 7200), st.integers(0, 7200))
def test_time_does_the_same_in_one_step_or_in_two(script: list[tuple[object, ...]], first: int, second: int) -> None:
    desk = GroupHarness()
    for move in script:
        play(desk, move)
    halfway, end = desk.now + first * SECOND, desk.now + (first + second) * SECOND
    in_two = settled(settled(desk.group, halfway, POLICY).group, end, POLICY).group
    assert in_two == settled(desk.group, end, POLICY).group
    assert settled(in_two, end, POLICY) == (in_two, ())


@given(st.lists(moves, max_size=30))
def test_the_state_survives_the_journey_through_json(script: list[tuple[object, ...]]) -> None:
    desk = GroupHarness()
    for move in script:
        play(desk, move)
    group = TypeAdapter(AlertGroup).validate_json(to_json(desk.group))
    assert group == desk.group
    assert next_action(group, desk.now, POLICY) == desk.next
    assert TypeAdapter(AlertPolicy).validate_json(to_json(POLICY)) == POLICY


def test_five_thousand_alerts_that_were_told_fit_into_one_payload() -> None:
    desk = GroupHarness()
    desk.observe("2026-03-11T08:00:00Z", *(firing(f"default-lp/{number}.8.376") for number in range(5000)))
    assert len(desk.sent) == 1
    assert len(to_json(desk.group)) < 1_500_000


def test_the_bound_is_the_policys() -> None:
    policy = replace(POLICY, most_messages=1, interval=HOUR)
    desk = GroupHarness(policy)
    for number in range(20):
        desk.fire(firing(f"k{number}"))
        desk.pass_time(10 * MINUTE)
    assert most_in_any(HOUR, at(desk)) == 1
    assert len(desk.sent) >= 3


def test_a_group_starts_empty() -> None:
    assert AlertGroup("x", START).members == {}
