"""Windows of full local days, as the report rules look at them (SPEC W1-W3)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

from pydantic import PlainSerializer

from relance.domain.base import Document, Utc
from relance.domain.zones import instant_at, zone_info

LocalDate = Annotated[date, PlainSerializer(date.isoformat, return_type=str)]
"""A calendar day; stored as ISO text, because MongoDB knows instants only."""


class Window(Document):
    """The local days from `first_day` to `last_day` of a zone, both included: the instants `start <= t < end`."""

    first_day: LocalDate
    last_day: LocalDate
    zone: str
    start: Utc
    end: Utc


def window_of(first_day: date, last_day: date, zone: str) -> Window:
    """Return the window of these days in a known zone; a day of a clock change is 23 or 25 hours long.

    Raises:
        ValueError: the zone is unknown, or the window ends before it begins.
    """
    if last_day < first_day:
        raise ValueError("a window cannot end before it begins")
    return Window(
        first_day=first_day,
        last_day=last_day,
        zone=zone,
        start=instant_at(first_day, time(0), zone),
        end=instant_at(last_day + timedelta(days=1), time(0), zone),
    )


def days_before(nominal: datetime, zone: str, *, days: int, weeks_earlier: int = 0) -> Window:
    """Return the last full local days before a nominal time, or the same weekdays some weeks earlier (SPEC W3).

    Counted in calendar days, never in hours: weeks with a clock change need nothing else.
    """
    last_day = nominal.astimezone(zone_info(zone)).date() - timedelta(days=1, weeks=weeks_earlier)
    return window_of(last_day - timedelta(days=days - 1), last_day, zone)
