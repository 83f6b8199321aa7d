"""Time zones, always of the pinned `tzdata` package.

The machine's own database is never asked: two workers with different system packages would compute different instants
for the same user. `zoneinfo.reset_tzpath` would do too, but changes the whole process.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo


@cache
def zone_names() -> frozenset[str]:
    """Return every zone name of the pinned database, old names and links included."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def is_zone(name: Any) -> bool:
    """Tell whether this is the name of a known zone; takes anything."""
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
