"""What a cron expression says about its time of day and its weekdays; the Schedules themselves run on the server."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from relance.domain.zones import instant_at

EVERY_DAY = frozenset(range(7))

_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?:(\*|\?)|([0-7]|[a-z]{3})(?:-([0-7]|[a-z]{3}))?)(?:/([1-7]))?")


def time_of_day(cron: str) -> time | None:
    """Return the local time of day of a five-field cron expression; None unless minute and hour are plain numbers."""
    minute, hour, *_ = cron.split()
    if not (minute.isascii() and minute.isdigit() and hour.isascii() and hour.isdigit()):
        return None
    if int(minute) > 59 or int(hour) > 23:
        return None
    return time(int(hour), int(minute))


def weekdays(cron: str) -> frozenset[int] | None:
    """Return the weekdays (Monday is 0) of a five-field cron expression.

    None if they cannot be read, or are not all that counts: a day of the month or a month is named too.
    """
    _, _, day, month, weekday = cron.split()
    if not {day, month} <= {"*", "?"}:
        return None
    found: set[int] = set()
    for part in weekday.lower().split(","):
        days = _days(part)
        if not days:
            return None
        found |= days
    return frozenset(found)


def nominal_on(day: date, cron: str, zone: str) -> datetime:
    """Return the instant of a cron expression's time of day on a local day, in UTC (SPEC C3); midnight if it has none.

    Raises:
        ValueError: the zone is unknown.
    """
    return instant_at(day, time_of_day(cron) or time(0), zone)


def _days(part: str) -> set[int]:
    matched = _PART.fullmatch(part)
    if matched is None:
        return set()
    every, first, last, step = matched.groups()
    begin = 0 if every else _number(first)
    # A step without an end goes on to the end of the week.
    end = 6 if every or (step and not last) else _number(last or first)
    if begin is None or end is None:
        return set()
    # Cron's week begins with Sunday, which is 0 and 7.
    return {(number - 1) % 7 for number in range(begin, end + 1, int(step or 1))}


def _number(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    return _NAMES.index(text) if text in _NAMES else None
