"""Instants and months in English words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from relance.domain.zones import zone_info

_ENGLISH: Final = "en_001"


def moment(instant: datetime, zone: str) -> str:
    """Return an instant in words: the local time of a known zone, and UTC."""
    local, utc = instant.astimezone(zone_info(zone)), instant.astimezone(UTC)
    if zone == "UTC":
        return f"on {_day(utc)} at {utc:%H:%M} UTC"
    day = "" if utc.date() == local.date() else f"{_day(utc, 'd MMMM')} "
    return f"on {_day(local)} at {local:%H:%M} {zone} time ({day}{utc:%H:%M} UTC)"


def month(period: str) -> str:
    """Return a period in words."""
    return _day(date.fromisoformat(f"{period}-01"), "MMMM y")


def _day(day: date, pattern: str = "EEEE d MMMM y") -> str:
    from relance.wording import cldr

    # Babel takes an instant to UTC before it formats it; a date stays.
    return cldr.day(date(day.year, day.month, day.day), pattern, _ENGLISH)
