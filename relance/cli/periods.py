"""The options and values several commands share: periods, dates, instants."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from relance.cli.command import invalid
from relance.domain.zones import zone_info

_PERIOD = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


def previous(period: str) -> str:
    """Return the period before this one."""
    first = date.fromisoformat(f"{period}-01")
    return f"{first - timedelta(days=1):%Y-%m}"


def read_period(text: str, field: str = "PERIOD") -> str:
    """Return a period a person typed.

    Raises:
        InvalidInput: it is no month.
    """
    if _PERIOD.match(text) is None:
        invalid(field, f"{text!r} is not a month", "write it as YYYY-MM, for example 2026-11")
    return text


def read_date(text: str, field: str) -> date:
    """Return a day a person typed.

    Raises:
        InvalidInput: it is no day of the calendar.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        invalid(field, f"{text!r} is not a day of the calendar", "write it as YYYY-MM-DD, for example 2026-11-05")


def read_instant(text: str, field: str, zone: str, *, end: bool = False) -> datetime:
    """Return the instant of a day or of a day and time; without an offset they are local times of `zone`.

    A day alone stands for its first second, or for its last one with `end`.

    Raises:
        InvalidInput: it is neither.
    """
    try:
        if "T" in text or " " in text:
            found = datetime.fromisoformat(text)
        else:
            found = datetime.combine(date.fromisoformat(text), time(23, 59, 59) if end else time())
    except ValueError:
        example = "2026-11-25 or 2026-11-25T06:00 or 2026-11-25T06:00+01:00"
        invalid(field, f"{text!r} is neither a day nor a day and time", f"write for example {example}")
    return (found if found.tzinfo else found.replace(tzinfo=zone_info(zone))).astimezone(UTC)
