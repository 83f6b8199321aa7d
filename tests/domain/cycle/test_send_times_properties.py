"""Send times against an independent library, over the zones of `oracle`."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from relance.domain.cycle.send_times import Defaults, Note, days_later, due_at, period_window, send_time
from relance.domain.zones import zone_names
from tests.domain.oracle import FIRST_YEAR, LAST_YEAR, ZONES, Change, changes, instant_of, note_of, wall_of, wall_time

DEFAULTS = Defaults(day=5, time="18:00", zone="Europe/Paris")
MINUTE = timedelta(minutes=1)
many = settings(max_examples=1000)

zones = st.sampled_from(ZONES)
years = st.integers(FIRST_YEAR, LAST_YEAR)
months = st.integers(1, 12)
days = st.one_of(st.integers(28, 31), st.integers(1, 31))
minutes = st.one_of(st.sampled_from([0, 119, 120, 150, 179, 180, 1439]), st.integers(0, 1439))
clock_changes = st.deferred(lambda: st.sampled_from(changes()))
sent = st.datetimes(wall_time(FIRST_YEAR, 1, 1), wall_time(LAST_YEAR, 12, 1), timezones=st.just(UTC))


def agrees(wall: datetime, zone: str) -> bool:
    found = send_time(
        f"{wall:%Y-%m}", day=wall.day, time=f"{wall:%H:%M}", zone=zone, defaults=DEFAULTS
    )  # fmt: skip
    expected = instant_of(wall, zone), wall_of(wall, zone), note_of(wall, zone)
    assert (found.instant, found.local, found.notes) == expected, (wall, zone)
    return True


@many
@given(years, months, days, minutes, zones)
def test_any_send_time_agrees_with_the_oracle(year: int, month: int, day: int, minute: int, zone: str) -> None:
    last = monthrange(year, month)[1]
    time = f"{minute // 60:02}:{minute % 60:02}"
    found = send_time(f"{year}-{month:02}", day=day, time=time, zone=zone, defaults=DEFAULTS)
    wall = wall_time(year, month, min(day, last), minute // 60, minute % 60)
    clamped = (Note.DAY_CLAMPED,) if day > last else ()
    assert found.instant == instant_of(wall, zone)
    assert found.local == wall_of(wall, zone)
    assert found.notes == clamped + note_of(wall, zone)


def test_around_every_clock_change_of_every_zone_it_agrees_with_the_oracle() -> None:
    found = changes()
    assert len(found) > 500
    assert {change.zone for change in found} >= set(ZONES) - {"UTC", "Pacific/Kiritimati", "Asia/Kathmandu"}
    for change in found:
        length = abs(change.shift)
        for offset in (-MINUTE, timedelta(0), MINUTE, length // 2, length - MINUTE, length, length + MINUTE):
            wall = change.wall + offset
            assert agrees(wall.replace(second=0), change.zone)


def test_a_skipped_wall_time_moves_by_exactly_the_gap() -> None:
    gaps = [change for change in changes() if change.shift > timedelta(0)]
    assert timedelta(days=1) in {change.shift for change in gaps}
    assert timedelta(minutes=30) in {change.shift for change in gaps}
    for change in gaps:
        wall = change.wall + change.shift // 2
        found = send_time(f"{wall:%Y-%m}", day=wall.day, time=f"{wall:%H:%M}", zone=change.zone, defaults=DEFAULTS)
        assert found.local == wall + change.shift


@many
@given(clock_changes, st.sampled_from([1, 2, 3, 7, 30]), st.integers(-7200, 7200))
def test_days_later_near_a_clock_change_agrees_with_the_oracle(change: Change, days: int, seconds: int) -> None:
    # Whatever was sent so that the target falls near the change.
    wall = change.wall - timedelta(days=days) + timedelta(seconds=seconds)
    start = instant_of(wall, change.zone)
    check_days_later(start, days, change.zone)


@many
@given(sent, st.integers(1, 365), zones)
def test_days_later_agrees_with_the_oracle(start: datetime, days: int, zone: str) -> None:
    check_days_later(start, days, zone)


def check_days_later(start: datetime, days: int, zone: str) -> None:
    found = days_later(start, days, zone)
    exact = instant_of(Instant(start).to_tz(zone).to_plain().add(days=days).to_stdlib(), zone)
    assert timedelta(0) <= found - exact < MINUTE
    assert (found.second, found.microsecond, found.tzinfo) == (0, 0, UTC)


@many
@given(sent, zones)
def test_what_was_sent_within_one_minute_is_reminded_at_one_instant(start: datetime, zone: str) -> None:
    minute = start.replace(second=0, microsecond=0)
    instants = {days_later(minute + timedelta(seconds=second), 3, zone) for second in (1, 20, 59)}
    assert len(instants) == 1


@many
@given(sent, zones, st.integers(8, 365))
def test_reminders_and_expiry_come_in_order(start: datetime, zone: str, expiry: int) -> None:
    due = due_at(start, zone, expiry)
    assert start < due.first < due.second < due.expiry
    assert (due.first, due.second) == (days_later(start, 3, zone), days_later(start, 7, zone))
    assert due.expiry == days_later(start, expiry, zone)


def test_a_reminder_keeps_its_wall_time_over_a_clock_change() -> None:
    sent_at = datetime(2026, 10, 23, 16, 0, 12, tzinfo=UTC)
    assert days_later(sent_at, 3, "Europe/Paris") == datetime(2026, 10, 26, 17, 1, tzinfo=UTC)


def test_rounding_up_before_a_repeated_hour_costs_seconds_and_not_an_hour() -> None:
    sent_at = instant_of(wall_time(2026, 10, 22, 1, 59, 30), "Europe/Paris")
    assert days_later(sent_at, 3, "Europe/Paris") == datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    sent_at = instant_of(wall_time(2026, 10, 22, 2, 59, 30), "Europe/Paris")
    assert days_later(sent_at, 3, "Europe/Paris") == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def test_no_send_time_on_earth_falls_outside_its_periods_window() -> None:
    for period in ("2011-12", "2024-02", "2026-03", "2026-10"):
        earliest, latest = period_window(period)
        for zone in zone_names():
            for day, time in ((1, "00:00"), (30, "12:00"), (31, "23:59")):
                found = send_time(period, day=day, time=time, zone=zone, defaults=DEFAULTS)
                assert earliest <= found.instant <= latest, (period, zone)


@many
@given(clock_changes, st.sampled_from([3, 7, 30]), st.integers(-7200, 7200))
def test_due_at_is_days_later_to_the_instant_near_a_clock_change_too(change: Change, days: int, seconds: int) -> None:
    start = instant_of(change.wall - timedelta(days=days) + timedelta(seconds=seconds), change.zone)
    expected = [days_later(start, ahead, change.zone) for ahead in (3, 7, 30)]
    due = due_at(start, change.zone, 30)
    assert [due.first, due.second, due.expiry] == expected
