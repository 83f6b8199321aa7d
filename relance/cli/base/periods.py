"""The options and values several commands share: periods, dates, instants, durations."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from relance.cli.base.command import invalid
from relance.domain.cycle import send_times
from relance.domain.cycle.send_times import current_period, is_month, months_between
from relance.domain.zones import zone_info
from relance.wording.summaries import counted

FIRST_YEAR = 2000
NEAR = range(-1, 2)
"""Months from this one: the last, which may be late, this one, and the next, which is opened ahead."""
LONGEST_DURATION = timedelta(days=36_500)

_DURATION = re.compile(r"(?:[0-9]{1,5}[mhdw]){1,8}")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def read_period(text: str, field: str = "PERIOD") -> str:
    """Return a period a person typed.

    Raises:
        InvalidInput: it is no month, or of a year nothing is ever planned for.
    """
    if not is_month(text):
        remedy = f"write it as YYYY-MM, for example 2026-11, from {send_times.FIRST_YEAR} to {send_times.LAST_YEAR}"
        invalid(field, f"{text!r} is not a month", remedy)
    return text


def read_date(text: str, field: str) -> date:
    """Return a day a person typed.

    Raises:
        InvalidInput: it is no day of the calendar, or too far away.
    """
    try:
        found = date.fromisoformat(text)
    except ValueError:
        invalid(field, f"{text!r} is not a day of the calendar", "write it as YYYY-MM-DD, for example 2026-11-05")
    _check_year(found.year, text, field)
    return found


def far_away(period: str, now: datetime, zone: str) -> str | None:
    """Return what to ask about a period nobody opens in everyday work; None if it is last month, this or the next."""
    current = current_period(now, zone)
    months = months_between(current, period)
    if months in NEAR:
        return None
    away = f"{counted(abs(months), 'month')} {'ahead' if months > 0 else 'ago'}"
    return f"{period} is {away}, and its invitations would be of that month (this month is {current})"


def today(now: datetime, zone: str) -> date:
    """Return the day an instant falls on in a known zone."""
    return now.astimezone(zone_info(zone)).date()


def read_past_day(text: str, field: str, now: datetime, zone: str) -> date:
    """Return a day a person typed that has begun in this zone.

    Raises:
        InvalidInput: it is no day, it lies in the future, or before there can be any reports.
    """
    day, latest = read_date(text, field), today(now, zone)
    if day > latest:
        invalid(field, f"{text} lies in the future", f"the latest day is today, {latest}")
    return day


def read_instant(text: str, field: str, zone: str, *, end: bool = False) -> datetime:
    """Return the instant of a day or of a day and time; without an offset they are local times of `zone`.

    A day alone stands for its first second, or for its last one with `end`.

    Raises:
        InvalidInput: it is neither, or too far away.
    """
    try:
        if "T" in text or " " in text:
            found = datetime.fromisoformat(text)
        else:
            found = datetime.combine(date.fromisoformat(text), time(23, 59, 59) if end else time())
    except ValueError:
        example = "2026-11-25 or 2026-11-25T06:00 or 2026-11-25T06:00+01:00"
        invalid(field, f"{text!r} is neither a day nor a day and time", f"write for example {example}")
    _check_year(found.year, text, field)
    return (found if found.tzinfo else found.replace(tzinfo=zone_info(zone))).astimezone(UTC)


def read_duration(text: str, field: str) -> timedelta:
    """Return a duration a person typed: `30m`, `4h`, `2d`, `1w`, or several in a row, `1d12h`.

    Raises:
        InvalidInput: it is no duration, or none at all.
    """
    written = text.strip().lower()
    if _DURATION.fullmatch(written) is None:
        invalid(field, f"{text!r} is not a duration", "write for example 30m, 4h, 2d or 1w")
    parts = re.findall(r"([0-9]+)([mhdw])", written)
    span = sum((int(count) * _UNITS[unit] for count, unit in parts), timedelta())
    if not span:
        invalid(field, f"{text!r} is no time at all", "write for example 30m, 4h, 2d or 1w")
    if span > LONGEST_DURATION:
        invalid(field, f"{text!r} is too long", "write for example 30m, 4h, 2d or 1w")
    return span


def _check_year(year: int, text: str, field: str) -> None:
    if year < FIRST_YEAR:
        invalid(field, f"{text} lies too far back", f"write a day from {FIRST_YEAR} on")
    if year > send_times.LAST_YEAR:
        invalid(field, f"{text} lies too far in the future", f"write a day up to {send_times.LAST_YEAR}")
