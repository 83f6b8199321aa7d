"""What a cron expression says about a day; the server's is in tests/cli/schedules/test_commands.py."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from relance.domain.jobs.cron import EVERY_DAY, is_hourly, nominal_on, parsed, time_of_day, weekdays, zone_of

AMSTERDAM = "Europe/Amsterdam"


# tests/cli/schedules/test_commands.py asks the server about each: it takes the first and refuses the second.
CRONS = ["30 3 * * 0", "*/5 * * * *", "*/2 * * * * * *", "0 0 * * mon-fri", "0 0 1 jan *", "0 0 0 1 * * 2026"]
CRONS += ["@daily", "@midnight", "@hourly", "@weekly", "@monthly", "@yearly", "@annually", "@every 5m", "@every 1d/6h"]
CRONS += ["0 6 * * monday", "0 6 * * Mo,WEDNES,fri", "0 6 1 sept *", "CRON_TZ=Europe/Paris 0 6 25 * *", "TZ=UTC @daily"]
CRONS += ["0  6 25 * *", "0\t6\t25 * *", " 0 6 25 * * ", "0 6 25 * * # the month", "0 0 1 1 * 2030", "5/20 * * * *"]
CRONS += ["0 0 * * 7", "0 0 * * 5-7", "+5 06 * * *", "0 0 29 feb *", "1,2,3-9/2 0 * * *", "@every 90s"]
NO_CRONS = ["0 0 * * fri-mon", "61 * * * *", "* * *", "5-3 * * * *", "0 0 * * 8", "*/0 * * * *", "0 0 ? * *", "@Daily"]
NO_CRONS += ["0 0 0 1 1 * 1999", "0 0 32 * *", "0 0 0 * *", "1,,2 0 * * *", "0 0 L * *", "0 ٩ * * *", "", "banana"]
NO_CRONS += ["a b c d e", "@every", "@every 5", "@reboot", "0 6 * * m", "0 6 1 ja *", "CRON_TZ=Mars/Base 0 6 * * *"]
NO_CRONS += [
    "CRON_TZ=Europe/Paris",
    "0 6 25 * * 2026 1 2",
    "1/2/3 * * * *",
    "1-2-3 * * * *",
    "-1 * * * *",
    "*/x * * * *",
]
NEVER = ["0 0 30 2 *", "0 0 31 4,6,9,11 *"]
MISREAD = ["0 8 * * 5#2"]


def refused(cron: str) -> str:
    try:
        parsed(cron)
    except ValueError as error:
        return str(error)
    return ""


def test_what_the_server_would_refuse_is_no_cron_expression() -> None:
    assert {cron: refused(cron) for cron in CRONS if refused(cron)} == {}
    assert [cron for cron in NO_CRONS if not refused(cron)] == []


@pytest.mark.parametrize("cron", NEVER)
def test_what_never_comes_due_is_refused_too(cron: str) -> None:
    assert "none of its months" in refused(cron)


@pytest.mark.parametrize("cron", MISREAD)
def test_what_the_server_would_read_otherwise_than_people_is_refused_too(cron: str) -> None:
    assert "comment" in refused(cron)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("banana", "1 fields instead of 5"),
        ("0 6 L * *", "'L' as day, which is not from 1 to 31"),
        ("0 25 * * *", "'25' as hour"),
        ("a b c d e", "'a' as minute"),
        ("CRON_TZ=Mars/Base 0 6 * * *", "'Mars/Base'"),
    ],
)
def test_a_refusal_names_the_field_and_its_bounds(cron: str, words: str) -> None:
    assert words in refused(cron)


@pytest.mark.parametrize("cron", ["*/5 * * * *", "0 * * * *", "@hourly", "*/30 * * * * * *", "0 0-23 * * 0-6"])
def test_what_comes_due_in_every_hour_is_hourly(cron: str) -> None:
    assert is_hourly(cron)


@pytest.mark.parametrize(
    "cron", ["0 */2 * * *", "0 * * * 1-5", "0 * 1 * *", "0 * * 3 *", "0 * * * * 2027", "30 3 * * 0", "@every 5m", "x"]
)
def test_what_leaves_an_hour_out_is_not(cron: str) -> None:
    assert not is_hourly(cron)


def test_an_expression_with_a_zone_is_read_in_it() -> None:
    assert zone_of("CRON_TZ=America/New_York 0 9 * * *", AMSTERDAM) == "America/New_York"
    assert zone_of("0 9 * * *", AMSTERDAM) == AMSTERDAM
    expected = datetime(2026, 11, 4, 14, tzinfo=UTC)
    assert nominal_on(date(2026, 11, 4), "CRON_TZ=America/New_York 0 9 * * *", AMSTERDAM) == expected


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 9 * * *", time(9)),
        ("30 08 * * 1,3,5", time(8, 30)),
        ("59 23 * * *", time(23, 59)),
        ("0 0 * * *", time(0)),
        ("*/15 9 * * *", None),
        ("0 8,14 * * *", None),
        ("0 8-10 * * *", None),
        ("0 * * * *", None),
        ("60 9 * * *", None),
        ("0 24 * * *", None),
        ("0 ٩ * * *", None),
    ],
)
def test_the_time_of_day_is_known_when_minute_and_hour_are_plain_numbers(cron: str, expected: time | None) -> None:
    assert time_of_day(cron) == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("*", EVERY_DAY),
        ("1,3,5", {0, 2, 4}),
        ("MON,wed,Fri", {0, 2, 4}),
        ("1-5", {0, 1, 2, 3, 4}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("0", {6}),
        ("7", {6}),
        ("5-7", {4, 5, 6}),
        ("0-6", EVERY_DAY),
        ("1-5/2", {0, 2, 4}),
        ("*/2", {6, 1, 3, 5}),
        ("2/2", {1, 3, 5}),
        ("sat,1-2", {5, 0, 1}),
        ("monday,wednes", {0, 2}),
        ("3-7/3", {2, 5}),
    ],
)
def test_weekdays_begin_with_monday(field: str, expected: set[int]) -> None:
    assert weekdays(f"0 8 * * {field}") == frozenset(expected)


@pytest.mark.parametrize("field", ["8", "m", "fri-mon", "1,", "", "1--2", "L", "5#2", "1/0", "-1"])
def test_weekdays_that_cannot_be_read_are_not_guessed(field: str) -> None:
    assert weekdays(f"0 8 * * {field or ','}") is None


@pytest.mark.parametrize("cron", ["0 8 1 * *", "0 8 * 6 *", "0 8 1-7 * mon"])
def test_a_day_of_the_month_or_a_month_leaves_the_weekdays_open(cron: str) -> None:
    assert weekdays(cron) is None


@pytest.mark.parametrize(
    ("day", "cron", "expected"),
    [
        (date(2026, 11, 4), "0 9 * * *", datetime(2026, 11, 4, 8, tzinfo=UTC)),
        (date(2026, 7, 1), "0 9 * * *", datetime(2026, 7, 1, 7, tzinfo=UTC)),
        # Skipped: 02:30 moves forward to 03:30 summer time. Doubled: the first 02:30 counts.
        (date(2026, 3, 29), "30 2 * * *", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 10, 25), "30 2 * * *", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        # Without a single time of day the local midnight stands for the day.
        (date(2026, 11, 4), "0 8,14 * * *", datetime(2026, 11, 3, 23, tzinfo=UTC)),
    ],
)
def test_the_nominal_time_of_a_day_is_that_local_time(day: date, cron: str, expected: datetime) -> None:
    assert nominal_on(day, cron, AMSTERDAM) == expected
