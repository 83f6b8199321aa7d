"""What a cron expression says about its time of day and its weekdays; the Schedules themselves run on the server."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from relance.domain.zones import instant_at

EVERY_DAY = frozenset(range(7))

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, ("", *_MONTHS)),
    (0, 7, _NAMES),
)
_SECOND, _YEAR = (0, 59, ()), (2000, 2100, ())
_ANY_PART = re.compile(r"(?:\*|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:/([0-9]+))?")
_PART = re.compile(r"(?:(\*|\?)|([0-7]|[a-z]{3})(?:-([0-7]|[a-z]{3}))?)(?:/([1-7]))?")


def is_cron(cron: str) -> bool:
    """Tell whether the server would take a cron expression: five fields, or seven with seconds first and years last."""
    parts = cron.lower().split(" ")
    if len(parts) not in {5, 7}:
        return False
    fields = _FIELDS if len(parts) == 5 else (_SECOND, *_FIELDS, _YEAR)
    return all(_is_field(part, *field) for part, field in zip(parts, fields, strict=True))


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


def _is_field(field: str, lowest: int, highest: int, names: tuple[str, ...]) -> bool:
    for part in field.split(","):
        matched = _ANY_PART.fullmatch(part)
        if matched is None:
            return False
        first, last, step = matched.groups()
        ends = [one for one in (first, last) if one]
        bounds = [names.index(one) if one in names else int(one) if one.isdigit() else -1 for one in ends]
        if bounds != sorted(bounds) or not all(lowest <= one <= highest for one in bounds):
            return False
        if step is not None and not 1 <= int(step) <= highest:
            return False
    return True


def _number(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    return _NAMES.index(text) if text in _NAMES else None
