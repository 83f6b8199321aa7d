"""Where alerts go, and when they wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from relance.domain.alerts.routing import (
    KNOWN,
    REPORTS,
    AlertRoute,
    QuietHours,
    never_used,
    quiet_hours,
    route_of,
    route_of_report,
    unrouted,
)
from relance.domain.failures import Severity

CRITICAL, HIGH, MEDIUM, LOW = Severity
DESK = AlertRoute(name="desk", rules=("default-lp", "paused-*"), order=("slack:desk",))
OPS = AlertRoute(name="ops", rules=("mongodb-*", "*-unhealthy"), severities=(CRITICAL, HIGH), order=("slack:ops",))
REST = AlertRoute(name="default", order=("slack",))
ZONE = "Europe/Amsterdam"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "severity", "name"),
    [
        ("default-lp", HIGH, "desk"),
        ("paused-partner", LOW, "desk"),
        ("mongodb-unhealthy", CRITICAL, "ops"),
        ("temporal-unhealthy", HIGH, "ops"),
        ("mongodb-unhealthy", MEDIUM, "default"),
        ("no-data", HIGH, "default"),
        ("digest", LOW, "default"),
    ],
)
def test_the_first_route_that_takes_an_alert_wins(rule: str, severity: Severity, name: str) -> None:
    found = route_of((DESK, OPS, REST), rule, rule, severity)
    assert found is not None
    assert found.name == name


def test_a_route_may_ask_for_the_group_too() -> None:
    route = AlertRoute(name="x", rules=("*",), groups=("default-lp",), order=("slack",))
    assert route.takes("anything", "default-lp", HIGH)
    assert not route.takes("default-lp", "anything", HIGH)


def test_what_no_route_takes_is_told_with_its_severities() -> None:
    left = unrouted((DESK, OPS))
    assert "default-lp" not in left
    assert left["mongodb-unhealthy"] == (MEDIUM, LOW)
    assert left["no-data"] == tuple(Severity)
    assert left["digest"] == (LOW,)
    assert unrouted((REST,)) == {}
    assert set(unrouted(())) == set(KNOWN)


def test_reports_go_like_low_alerts_of_their_names() -> None:
    found = route_of_report((AlertRoute(name="x", rules=("digest",), order=("mail",)), REST), "digest")
    assert found is not None
    assert found.name == "x"
    loud = route_of_report((AlertRoute(name="x", severities=(CRITICAL,), order=("mail",)), REST), REPORTS[0])
    assert loud is not None
    assert loud.name == "default"


@pytest.mark.parametrize(
    ("routes", "what"),
    [
        ((DESK, AlertRoute(name="late", rules=("default-lp", "no-data"), order=("mail",))), ["rule default-lp"]),
        ((REST, DESK), ["rule default-lp", "rule paused-*", "group *"]),
        ((AlertRoute(name="x", rules=("mongo", "no-data"), order=("mail",)),), ["rule mongo"]),
        ((AlertRoute(name="x", groups=("desk",), order=("mail",)),), ["rule *", "group desk"]),
        ((OPS, AlertRoute(name="x", rules=("mongodb-*",), severities=(HIGH, LOW), order=("mail",))), ["severity high"]),
        ((DESK, OPS, REST), []),
    ],
)
def test_what_makes_no_difference_is_found(routes: tuple[AlertRoute, ...], what: list[str]) -> None:
    assert [one for _, one, _ in never_used(routes)] == what


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", "2026-01-10T20:59", None),
        ("22:00-07:00", "2026-01-10T21:00", "2026-01-11T06:00"),
        ("22:00-07:00", "2026-01-11T05:59", "2026-01-11T06:00"),
        ("22:00-07:00", "2026-01-11T06:00", None),
        ("12:00-13:30", "2026-01-11T11:15", "2026-01-11T12:30"),
        ("12:00-13:30", "2026-01-11T12:30", None),
        # The night of 29 March is an hour shorter, that of 25 October an hour longer.
        ("22:00-07:00", "2026-03-28T21:00", "2026-03-29T05:00"),
        ("22:00-07:00", "2026-10-24T20:00", "2026-10-25T06:00"),
        # 02:30 does not exist then, and comes twice in October: the first one counts.
        ("22:00-02:30", "2026-03-29T01:00", "2026-03-29T01:30"),
        ("22:00-02:30", "2026-10-25T00:15", "2026-10-25T00:30"),
        ("22:00-02:30", "2026-10-25T01:15", None),
        ("20:00-08:00 America/New_York", "2026-01-11T02:00", "2026-01-11T13:00"),
    ],
)
def test_quiet_hours_end_by_the_clocks_of_their_zone(hours: str, now: str, until: str | None) -> None:
    assert quiet_hours(hours, ZONE).until(at(now)) == (at(until) if until else None)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("22-07", "22:00-07:00"),
        ("22:00 - 07:00", "22:00-07:00"),
        ("24:00-07:00", "write"),
        ("07:00-07:00", "same time"),
        ("22:00-07:00 Mars/Base", "IANA"),
        ("", "write"),
    ],
)
def test_quiet_hours_that_make_no_sense_are_refused(wrong: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        quiet_hours(wrong, ZONE)


_CLOCKS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
_NOWS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(_CLOCKS, _CLOCKS, st.sampled_from([ZONE, "America/New_York", "Asia/Kolkata", "Pacific/Apia"]), _NOWS)
def test_quiet_hours_are_over_within_a_day_and_an_hour_and_then_they_are(
    start: str, end: str, zone: str, now: datetime
) -> None:
    try:
        hours = QuietHours(start=start, end=end, zone=zone)
    except ValidationError:
        assert start == end
        return
    until = hours.until(now)
    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert hours.last_end(until) == until
    assert hours.last_end(now) <= now


def test_only_what_is_not_critical_waits() -> None:
    route = REST.model_copy(update={"quiet": quiet_hours("22:00-07:00", ZONE)})
    night = at("2026-01-10T23:00")
    assert route.held_until(CRITICAL, night) is None
    assert route.held_until(HIGH, night) == at("2026-01-11T06:00")
    assert REST.held_until(LOW, night) is None


def test_an_alert_that_waited_counts_as_due_from_the_end_of_the_quiet_hours() -> None:
    route = REST.model_copy(update={"quiet": quiet_hours("22:00-07:00", ZONE)})
    fired, morning = at("2026-01-10T20:50"), at("2026-01-11T06:00")
    assert route.due_from(HIGH, fired, at("2026-01-10T20:55")) == fired
    assert route.due_from(HIGH, fired, at("2026-01-11T05:00")) == at("2026-01-11T05:00")
    assert route.due_from(HIGH, fired, at("2026-01-11T06:10")) == morning
    assert route.due_from(CRITICAL, fired, at("2026-01-11T06:10")) == fired
