from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from relance.domain.alerts.delivery import Deliver, Done, Idle, NotificationKind, Route, delivered, next_action
from relance.domain.alerts.lifecycle import acknowledge, fire
from relance.domain.alerts.model import AlertEvent
from relance.domain.alerts.policy import AlertPolicy, next_digest
from relance.domain.failures import Severity
from tests.domain.alerts.groups import DAY, HOUR, MINUTE, SECOND, START, GroupHarness, firing

NOW = timedelta(0)
CRITICAL, HIGH, MEDIUM, LOW = Severity


def test_the_rows_of_one_check_run_are_one_message() -> None:
    desk = GroupHarness()
    desk.observe("2026-03-11", firing("a"), firing("b"), firing("c"))
    assert desk.told == [(NOW, "firing", "abc")]


def test_high_is_told_now_and_repeated_once_after_four_hours() -> None:
    desk = GroupHarness()
    desk.fire(firing())
    desk.pass_time(4 * HOUR - SECOND)
    assert len(desk.told) == 1
    desk.pass_time(20 * HOUR)
    assert desk.told == [(NOW, "firing", "a"), (4 * HOUR, "repeat", "a")]


def test_what_still_fires_in_the_next_days_run_is_repeated_by_it() -> None:
    desk = GroupHarness()
    desk.observe("2026-03-11", firing())
    desk.pass_time(DAY)
    desk.observe("2026-03-12", firing())
    assert desk.told[2:] == [(DAY, "repeat", "a")]


def test_two_runs_for_one_date_are_one_message() -> None:
    desk = GroupHarness()
    desk.observe("2026-03-11", firing())
    desk.pass_time(SECOND)
    desk.observe("2026-03-11", firing())
    assert desk.told == [(NOW, "firing", "a")]
    desk.pass_time(10 * HOUR)
    desk.observe("2026-03-11", firing())
    assert [telling for _, telling, _ in desk.told] == ["firing", "repeat"]


def test_a_run_that_was_overtaken_changes_nothing() -> None:
    desk = GroupHarness()
    desk.observe("2026-03-11", firing())
    before = desk.group
    desk.observe("2026-03-10", firing("b", CRITICAL))
    assert desk.group == before


def test_critical_is_repeated_every_hour_and_goes_to_the_second_channel_after_fifteen_minutes() -> None:
    desk = GroupHarness()
    desk.fire(firing(severity=CRITICAL))
    desk.pass_time(2 * HOUR + MINUTE)
    assert desk.told == [
        (NOW, "firing", "a"),
        (15 * MINUTE, "escalation", "a"),
        (HOUR, "repeat", "a"),
        (2 * HOUR, "repeat", "a"),
    ]
    both = (Route.FIRST, Route.SECOND)
    assert [one.routes for _, one in desk.sent] == [(Route.FIRST,), (Route.SECOND,), both, both]


def test_an_acknowledged_alert_is_neither_escalated_nor_repeated_but_its_end_is_told() -> None:
    desk = GroupHarness()
    desk.fire(firing(severity=CRITICAL))
    desk.pass_time(14 * MINUTE)
    desk.take(acknowledge(desk.group, ["a"]))
    desk.pass_time(5 * HOUR)
    assert len(desk.told) == 1
    assert isinstance(desk.next, Idle)
    desk.clear("a")
    desk.pass_time(6 * HOUR)
    assert [telling for _, telling, _ in desk.told] == ["firing", "resolved"]


def test_an_acknowledged_alert_that_worsens_by_half_fires_again_and_escalates_again() -> None:
    desk = GroupHarness()
    desk.fire(firing(severity=CRITICAL, value=100))
    desk.take(acknowledge(desk.group, ["a"]))
    desk.pass_time(HOUR)
    desk.fire(firing(severity=CRITICAL, value=150))
    desk.pass_time(20 * MINUTE)
    assert desk.told[1:] == [(HOUR, "worsened", "a"), (HOUR + 15 * MINUTE, "escalation", "a")]


@pytest.mark.parametrize(
    ("value", "again"), [(100, False), (149, False), (150, True), (300, True), (20, False), (None, False)]
)
def test_only_what_worsened_by_half_is_sent_again(value: int | None, again: bool) -> None:
    desk = GroupHarness()
    desk.fire(firing(value=100))
    desk.pass_time(HOUR)
    desk.fire(firing(value=value))
    desk.pass_time(MINUTE)
    assert [telling for _, telling, _ in desk.told[1:]] == ["worsened"] * again


def test_worse_is_measured_from_what_people_were_told_last() -> None:
    desk = GroupHarness()
    for value in (100, 140, 149, 151, 200, 226, 227):
        desk.fire(firing(value=value))
        desk.pass_time(20 * MINUTE)
    assert [one.lines[0].value for _, one in desk.sent] == [100, 151, 227]


def test_a_higher_severity_is_news_even_with_the_same_value() -> None:
    desk = GroupHarness()
    desk.fire(firing(severity=HIGH))
    desk.pass_time(HOUR)
    desk.fire(firing(severity=CRITICAL))
    assert desk.told[1:] == [(HOUR, "worsened", "a")]
    desk.fire(firing(severity=LOW))
    assert desk.group.members["a"].severity is CRITICAL


def test_medium_is_gathered_for_fifteen_minutes() -> None:
    desk = GroupHarness()
    desk.fire(firing("a", MEDIUM))
    desk.pass_time(10 * MINUTE)
    desk.fire(firing("b", MEDIUM))
    desk.pass_time(HOUR)
    assert desk.told == [(15 * MINUTE, "firing", "ab")]


def test_what_is_over_before_it_was_told_is_not_told() -> None:
    desk = GroupHarness()
    desk.fire(firing("a", MEDIUM))
    desk.pass_time(12 * MINUTE)
    desk.clear("a")
    desk.pass_time(3 * HOUR)
    assert desk.told == []
    assert isinstance(desk.next, Done)


def test_low_waits_for_the_daily_digest_at_nine_in_the_morning() -> None:
    desk = GroupHarness()
    desk.pass_time(HOUR)
    desk.fire(firing("a", LOW))
    desk.pass_time(5 * HOUR)
    desk.fire(firing("b", LOW))
    desk.pass_time(DAY)
    assert desk.told == [(DAY, "digest", "ab")]
    desk.pass_time(3 * DAY)
    assert len(desk.told) == 1


@pytest.mark.parametrize(
    ("since", "digest"),
    [
        ("2026-03-11T07:59", "2026-03-11T08:00"),
        ("2026-03-11T08:00", "2026-03-11T08:00"),
        ("2026-03-11T08:01", "2026-03-12T08:00"),
        ("2026-03-28T12:00", "2026-03-29T07:00"),
        ("2026-10-24T12:00", "2026-10-25T08:00"),
        ("2026-03-11T23:30", "2026-03-12T08:00"),
    ],
)
def test_the_digest_keeps_its_local_time_over_a_clock_change(since: str, digest: str) -> None:
    found = next_digest(datetime.fromisoformat(since).replace(tzinfo=UTC), "09:00", "Europe/Amsterdam")
    assert found == datetime.fromisoformat(digest).replace(tzinfo=UTC)


@pytest.mark.parametrize("wrong", ["9:00", "24:00", "", "09:00:00"])
def test_a_digest_time_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="HH:MM"):
        next_digest(START, wrong, "UTC")


def test_what_resolves_is_told_once_after_it_stayed_away_for_five_minutes_and_was_gathered() -> None:
    desk = GroupHarness()
    desk.observe("2026-03-11", firing("a"), firing("b"))
    desk.pass_time(DAY)
    desk.observe("2026-03-12", firing("b"))
    desk.pass_time(4 * MINUTE)
    assert desk.told[-1] == (DAY, "repeat", "b")
    desk.pass_time(2 * HOUR)
    assert desk.told[-1] == (DAY + 5 * MINUTE + 30 * SECOND, "resolved", "a")
    assert list(desk.group.members) == ["b"]
    assert desk.group.counts.resolved == 1


def test_a_short_absence_is_no_end() -> None:
    desk = GroupHarness()
    desk.fire(firing())
    desk.pass_time(HOUR)
    desk.clear("a")
    desk.pass_time(4 * MINUTE)
    desk.fire(firing())
    desk.pass_time(2 * HOUR)
    assert desk.told == [(NOW, "firing", "a")]


def test_news_while_a_message_is_on_its_way_is_not_lost() -> None:
    desk = GroupHarness()
    desk.fire(firing(value=100))
    at = START + 4 * HOUR
    repeat = next_action(desk.group, at, desk.policy)
    assert isinstance(repeat, Deliver)
    worse = fire(desk.group, [firing(value=200), firing("b")], at + SECOND, desk.policy).group
    group = delivered(worse, repeat, at + 2 * SECOND, desk.policy).group
    following = next_action(group, at + MINUTE, desk.policy)
    assert isinstance(following, Deliver)
    assert following.telling is NotificationKind.FIRING
    assert [(line.key, line.value) for line in following.lines] == [("a", Decimal(200)), ("b", Decimal(100))]


def test_a_message_that_was_not_delivered_is_the_same_message_again() -> None:
    policy = AlertPolicy()
    group = fire(GroupHarness().group, [firing()], START, policy).group
    first, again = (next_action(group, START + late, policy) for late in (NOW, HOUR))
    assert isinstance(first, Deliver)
    assert isinstance(again, Deliver)
    assert (first.sequence, first.lines) == (again.sequence, again.lines)


def test_every_message_has_its_own_number() -> None:
    desk = GroupHarness()
    desk.fire(firing(severity=CRITICAL))
    desk.pass_time(3 * HOUR)
    assert [one.sequence for _, one in desk.sent] == list(range(len(desk.sent)))
    assert desk.group.counts.delivered == len(desk.sent) == 5


def test_what_happened_is_there_for_the_history() -> None:
    desk = GroupHarness()
    desk.observe("2026-03-11", firing())
    desk.pass_time(HOUR)
    desk.observe("2026-03-12", firing())
    desk.observe("2026-03-13")
    desk.pass_time(2 * HOUR)
    assert [(str(one.event), one.detail) for one in desk.happenings] == [
        (AlertEvent.OPENED, None),
        (AlertEvent.SENT, "firing"),
        (AlertEvent.SEEN_AGAIN, None),
        (AlertEvent.SUPPRESSED, "unchanged"),
        (AlertEvent.RESOLVED, None),
        (AlertEvent.SENT, "resolved"),
    ]
    assert isinstance(desk.next, Done)
