"""What a cron expression says about a day; the server's opinion of the same is in tests/cli/test_schedules.py."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from relance.domain.cron import EVERY_DAY, is_cron, nominal_on, time_of_day, weekdays

AMSTERDAM = "Europe/Amsterdam"


# Asked of the server, 1.32: it takes the first and refuses the second.
CRONS = ["30 3 * * 0", "*/5 * * * *", "*/2 * * * * * *", "0 0 * * mon-fri", "0 0 1 jan *", "0 0 0 1 * * 2026"]
NO_CRONS = ["0 0 * * fri-mon", "61 * * * *", "* * *", "5-3 * * * *", "0 0 * * 8", "*/0 * * * *", "0 0 ? * *", "@daily"]
NO_CRONS += ["0 0 0 1 1 * 1999", "0 0 32 * *", "0 0 0 * *", "1,,2 0 * * *", "0 0 L * *", "0 ٩ * * *", ""]


def test_what_the_server_would_refuse_is_no_cron_expression() -> None:
    assert [cron for cron in CRONS if not is_cron(cron)] == []
    assert [cron for cron in NO_CRONS if is_cron(cron)] == []


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
        ("?", EVERY_DAY),
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
    ],
)
def test_weekdays_begin_with_monday(field: str, expected: set[int]) -> None:
    assert weekdays(f"0 8 * * {field}") == frozenset(expected)


@pytest.mark.parametrize("field", ["8", "monday", "fri-mon", "1,", "", "1--2", "L", "5#2", "1/0", "-1"])
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
