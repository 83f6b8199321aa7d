from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from relance.adapters.everflow import days
from relance.domain.reports.table import ReportColumn, ReportRequest
from relance.errors import ReportUnusable


def _request(first: date, last: date) -> ReportRequest:
    return ReportRequest(first, last, (ReportColumn.AFFILIATE,))


def test_a_day_is_known_by_the_unix_second_of_its_local_midnight() -> None:
    one = _request(date(2026, 7, 22), date(2026, 7, 22))
    assert days.midnights(one, "America/New_York") == {"1784692800": date(2026, 7, 22)}
    assert days.midnights(one, "Europe/Amsterdam") == {"1784671200": date(2026, 7, 22)}


@pytest.mark.parametrize(
    ("first", "hours"), [(date(2026, 3, 28), [24, 23]), (date(2026, 10, 24), [24, 25]), (date(2026, 6, 1), [24, 24])]
)
def test_days_of_23_and_25_hours_are_days(first: date, hours: list[int]) -> None:
    seconds = [
        int(one)
        for one in days.midnights(_request(first, date(first.year, first.month, first.day + 2)), "Europe/Amsterdam")
    ]
    assert [(after - before) // 3600 for before, after in pairwise(seconds)] == hours


def test_a_midnight_that_a_clock_change_skips_is_the_first_instant_of_its_day() -> None:
    # Cairo went from 00:00 to 01:00 on 2026-04-24, at 22:00 UTC of the day before.
    (second,) = days.midnights(_request(date(2026, 4, 24), date(2026, 4, 24)), "Africa/Cairo")
    assert int(second) == 1_776_981_600


def test_a_row_of_another_day_or_of_another_zone_is_refused() -> None:
    known = days.midnights(_request(date(2026, 7, 22), date(2026, 7, 22)), "Europe/Amsterdam")
    assert days.day_of("1784671200", known, "Europe/Amsterdam") == date(2026, 7, 22)
    for other in ("1784584800", "1784692800", "2026-07-22", "0"):
        with pytest.raises(ReportUnusable) as caught:
            days.day_of(other, known, "Europe/Amsterdam")
        assert caught.value.reason == "dates"


def test_a_day_without_a_single_row_is_a_report_that_is_not_there_yet() -> None:
    request = _request(date(2026, 11, 1), date(2026, 11, 3))
    days.all_present([date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)], request)
    with pytest.raises(ReportUnusable, match="2026-11-03") as caught:
        days.all_present([date(2026, 11, 1), date(2026, 11, 2)], request)
    assert caught.value.reason == "days"
