"""Instants and months in English words."""

from __future__ import annotations

from datetime import UTC, datetime

from relance.domain.zones import zone_info

# strftime would follow the machine's language.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def moment(instant: datetime, zone: str) -> str:
    """Return an instant in words: the local time of a known zone, and UTC."""
    local, utc = instant.astimezone(zone_info(zone)), instant.astimezone(UTC)
    if zone == "UTC":
        return f"on {_date(utc)} at {utc:%H:%M} UTC"
    day = "" if utc.date() == local.date() else f"{utc.day} {_MONTHS[utc.month - 1]} "
    return f"on {_date(local)} at {local:%H:%M} {zone} time ({day}{utc:%H:%M} UTC)"


def month(period: str) -> str:
    """Return a period in words."""
    year, number = period.split("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def _date(day: datetime) -> str:
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"
