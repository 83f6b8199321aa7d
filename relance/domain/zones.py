"""Time zones, always of the pinned `tzdata` package.

The machine's own database is never asked: two workers with different system packages would compute different instants
for the same user. `zoneinfo.reset_tzpath` would do too, but changes the whole process.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import PlainSerializer

from relance.domain.base import Document, Utc


@cache
def zone_names() -> frozenset[str]:
    """Return every zone name of the pinned database, old names and links included."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def is_zone(name: Any) -> bool:
    """Return whether this is the name of a known zone; takes anything."""
    return isinstance(name, str) and name in zone_names()


@cache
def zone_info(name: str) -> ZoneInfo:
    """Return the rules of a known zone.

    Raises:
        ValueError: the zone is unknown.
    """
    # Only listed names may reach the file system: "../x" must not.
    if not is_zone(name):
        raise ValueError("unknown time zone")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


def instant_at(day: date, clock: time, zone: str) -> datetime:
    """Return when the clocks of a known zone show a time on a day, in UTC (SPEC C3).

    A time that a clock change skips moves forward by the gap, one that occurs twice means the first: both are what
    PEP 495 calls `fold=0`.

    Raises:
        ValueError: the zone is unknown.
    """
    return datetime.combine(day, clock.replace(fold=0), zone_info(zone)).astimezone(UTC)


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
