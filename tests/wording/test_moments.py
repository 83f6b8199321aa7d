from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relance.wording.moments import moment, month


@pytest.mark.parametrize(
    ("instant", "zone", "shown"),
    [
        ((2026, 3, 9, 8), "UTC", "on Monday 9 March 2026 at 08:00 UTC"),
        ((2026, 3, 9, 8), "Europe/Paris", "on Monday 9 March 2026 at 09:00 Europe/Paris time (08:00 UTC)"),
        # The day the clocks go forward: an hour later two hours are between them.
        ((2026, 3, 29, 0, 59), "Europe/Paris", "on Sunday 29 March 2026 at 01:59 Europe/Paris time (00:59 UTC)"),
        ((2026, 3, 29, 1, 0), "Europe/Paris", "on Sunday 29 March 2026 at 03:00 Europe/Paris time (01:00 UTC)"),
        # The local day is another one than that of UTC, earlier or later, over the end of a month and of a year.
        (
            (2026, 12, 31, 15, 30),
            "Asia/Tokyo",
            "on Friday 1 January 2027 at 00:30 Asia/Tokyo time (31 December 15:30 UTC)",
        ),
        (
            (2027, 1, 1, 4, 0),
            "America/New_York",
            "on Thursday 31 December 2026 at 23:00 America/New_York time (1 January 04:00 UTC)",
        ),
        (
            (2026, 2, 28, 23, 45),
            "Asia/Kathmandu",
            "on Sunday 1 March 2026 at 05:30 Asia/Kathmandu time (28 February 23:45 UTC)",
        ),
    ],
)
def test_an_instant_has_the_day_of_its_zone_and_of_utc(instant: tuple[int, ...], zone: str, shown: str) -> None:
    assert moment(datetime(*instant, tzinfo=UTC), zone) == shown  # type: ignore[misc, arg-type]


def test_a_period_is_a_month_in_words() -> None:
    assert (month("2026-01"), month("2026-12")) == ("January 2026", "December 2026")
