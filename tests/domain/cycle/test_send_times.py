from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from relance.domain.cycle.send_times import (
    Defaults,
    Note,
    current_period,
    next_period,
    next_sends,
    period_of_opening,
    period_window,
    send_time,
)

DEFAULTS = Defaults(day=5, time="18:00", zone="Europe/Paris")


def send(period: str, day: Any = None, time: Any = None, zone: Any = None) -> tuple[str, str, str, tuple[Note, ...]]:
    found = send_time(period, day=day, time=time, zone=zone, defaults=DEFAULTS)
    assert found.instant.tzinfo is UTC
    assert found.local.tzinfo is None
    return f"{found.instant:%Y-%m-%dT%H:%MZ}", f"{found.local:%Y-%m-%dT%H:%M}", found.zone, found.notes


def test_without_preferences_the_defaults_count_and_there_is_nothing_to_note() -> None:
    assert send("2026-11") == ("2026-11-05T17:00Z", "2026-11-05T18:00", "Europe/Paris", ())
    assert send("2026-07")[0] == "2026-07-05T16:00Z"


def test_each_preference_overrides_its_default_alone() -> None:
    assert send("2026-11", day=20)[0] == "2026-11-20T17:00Z"
    assert send("2026-11", time="07:30")[0] == "2026-11-05T06:30Z"
    assert send("2026-11", zone="Asia/Kathmandu")[:3] == ("2026-11-05T12:15Z", "2026-11-05T18:00", "Asia/Kathmandu")


@pytest.mark.parametrize(
    ("period", "day", "used", "notes"),
    [
        ("2026-02", 28, 28, ()),
        ("2026-02", 29, 28, (Note.DAY_CLAMPED,)),
        ("2028-02", 29, 29, ()),
        ("2028-02", 30, 29, (Note.DAY_CLAMPED,)),
        ("2100-02", 29, 28, (Note.DAY_CLAMPED,)),
        ("2026-04", 31, 30, (Note.DAY_CLAMPED,)),
        ("2026-12", 31, 31, ()),
        ("2026-11", 5.0, 5, ()),
        ("2026-11", 1, 1, ()),
    ],
)
def test_a_day_past_the_months_end_means_its_last_day(period: str, day: Any, used: int, notes: tuple[Note]) -> None:
    _, local, _, noted = send(period, day=day)
    assert (local, noted) == (f"{period}-{used:02}T18:00", notes)


@pytest.mark.parametrize("day", [0, 32, -1, True, False, "5", 5.5, float("nan"), float("inf"), [5], 10**30, ""])
def test_an_invalid_day_means_the_default_with_a_note(day: Any) -> None:
    assert send("2026-11", day=day) == ("2026-11-05T17:00Z", "2026-11-05T18:00", "Europe/Paris", (Note.DAY_INVALID,))


@pytest.mark.parametrize(
    "time", ["24:00", "7:30", "18:60", "18:00:00", "18:00\n", " 18:00", "1800", "", "١٨:٠٠", 18, True, ["18:00"]]
)
def test_an_invalid_time_means_the_default_with_a_note(time: Any) -> None:
    assert send("2026-11", time=time) == ("2026-11-05T17:00Z", "2026-11-05T18:00", "Europe/Paris", (Note.TIME_INVALID,))


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../x", 5, "x" * 100_000, True, ["UTC"], "CET\0"])
def test_an_unknown_zone_means_the_default_with_a_note(zone: Any) -> None:
    assert send("2026-11", zone=zone) == ("2026-11-05T17:00Z", "2026-11-05T18:00", "Europe/Paris", (Note.ZONE_UNKNOWN,))


def test_everything_wrong_at_once_is_noted_one_by_one() -> None:
    notes = send("2026-02", day="x", time="x", zone="x")[3]
    assert set(notes) == {Note.DAY_INVALID, Note.TIME_INVALID, Note.ZONE_UNKNOWN}


@pytest.mark.parametrize("time", ["00:00", "23:59"])
def test_the_first_and_the_last_minute_of_a_day_are_valid(time: str) -> None:
    assert send("2026-11", time=time)[1] == f"2026-11-05T{time}"


@pytest.mark.parametrize(
    ("zone", "wall", "instant", "local", "note"),
    [
        ("Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:30Z", "2026-03-29T03:30", Note.HOUR_SHIFTED),
        ("Europe/Paris", "2026-03-29T02:00", "2026-03-29T01:00Z", "2026-03-29T03:00", Note.HOUR_SHIFTED),
        ("Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30Z", "2026-10-25T02:30", Note.HOUR_REPEATED),
        ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:40Z", "2026-10-04T02:40", Note.HOUR_SHIFTED),
        ("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00Z", "2018-11-04T01:00", Note.HOUR_SHIFTED),
        ("Antarctica/Troll", "2026-03-29T01:30", "2026-03-29T01:30Z", "2026-03-29T03:30", Note.HOUR_SHIFTED),
        ("Pacific/Apia", "2011-12-30T18:00", "2011-12-31T04:00Z", "2011-12-31T18:00", Note.HOUR_SHIFTED),
    ],
)
def test_a_skipped_time_moves_forward_by_the_gap_and_a_repeated_one_is_the_first(
    zone: str, wall: str, instant: str, local: str, note: Note
) -> None:
    day = datetime.fromisoformat(wall)
    assert send(wall[:7], day=day.day, time=wall[11:], zone=zone) == (instant, local, zone, (note,))


@pytest.mark.parametrize("period", ["2026-13", "2026-00", "2026-1", "26-11", "2026-11-05", "2026-11\n", "0000-01", ""])
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        send(period)


@pytest.mark.parametrize("defaults", [Defaults(5, "18h", "Europe/Paris"), Defaults(5, "18:00", "Mars/Base")])
def test_unusable_defaults_are_refused(defaults: Defaults) -> None:
    with pytest.raises(ValueError, match=r"default time|unknown time zone"):
        send_time("2026-11", day=1, time=None, zone=None, defaults=defaults)


@pytest.mark.parametrize(
    ("nominal", "zone", "period"),
    [
        ("2026-10-25T05:00Z", "Europe/Paris", "2026-11"),
        ("2026-12-25T05:00Z", "Europe/Paris", "2027-01"),
        ("2026-11-01T00:00Z", "Europe/Paris", "2026-11"),
        ("2026-11-15T12:00Z", "Europe/Paris", "2026-11"),
        ("2026-11-16T12:00Z", "Europe/Paris", "2026-12"),
        ("2026-11-15T23:30Z", "Europe/Paris", "2026-12"),
        ("2026-11-16T03:00Z", "America/New_York", "2026-11"),
        ("2026-10-31T12:00Z", "Pacific/Kiritimati", "2026-11"),
        ("2026-11-01T05:00Z", "America/New_York", "2026-11"),
        ("2026-11-01T03:00Z", "America/New_York", "2026-11"),
        ("2026-01-31T23:30Z", "Europe/Paris", "2026-02"),
    ],
)
def test_the_schedule_opens_the_following_month_late_in_a_month(nominal: str, zone: str, period: str) -> None:
    assert period_of_opening(datetime.fromisoformat(nominal), zone) == period


def test_the_current_period_is_the_local_month() -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert current_period(new_year, "UTC") == "2026-12"
    assert current_period(new_year, "Europe/Paris") == "2027-01"
    assert current_period(datetime(2027, 1, 1, 4, tzinfo=UTC), "America/New_York") == "2026-12"


def test_december_is_followed_by_january() -> None:
    assert [next_period(period) for period in ("2026-01", "2026-11", "2026-12", "2028-02")] == [
        "2026-02",
        "2026-12",
        "2027-01",
        "2028-03",
    ]


def test_a_preview_shows_each_months_send_with_its_notes() -> None:
    sends = next_sends(4, "2026-12", day=31, time="02:30", zone="Europe/Paris", defaults=DEFAULTS)
    assert [(period, f"{send.local:%d %H:%M}", send.notes) for period, send in sends] == [
        ("2026-12", "31 02:30", ()),
        ("2027-01", "31 02:30", ()),
        ("2027-02", "28 02:30", (Note.DAY_CLAMPED,)),
        ("2027-03", "31 02:30", ()),
    ]
    march = next_sends(1, "2027-03", day=28, time="02:30", zone="Europe/Paris", defaults=DEFAULTS)
    assert march[0][1].notes == (Note.HOUR_SHIFTED,)


def test_the_window_of_a_period_reaches_from_utc_plus_14_to_utc_minus_12() -> None:
    assert period_window("2026-11") == (
        datetime(2026, 10, 31, 10, 0, tzinfo=UTC),
        datetime(2026, 12, 1, 11, 59, tzinfo=UTC),
    )
    assert send("2026-11", day=1, time="00:00", zone="Pacific/Kiritimati")[0] == "2026-10-31T10:00Z"
    assert send("2026-11", day=31, time="23:59", zone="Etc/GMT+12")[0] == "2026-12-01T11:59Z"
