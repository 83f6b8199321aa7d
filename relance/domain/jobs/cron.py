"""What a cron expression says, by the grammar of the server; the Schedules themselves run there.

Five fields (minute, hour, day, month, weekday), six (with years last) or seven (with seconds first), `@daily` and its
like, `@every 5m/1m`, a zone in front (`CRON_TZ=Europe/Paris`), a comment behind `#`. Unlike in Vixie cron a day counts
only when day of the month and weekday both fit. Source: the server's `service/worker/scheduler/calendar.go`, 1.32.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from relance.domain.zones import instant_at, is_zone

EVERY_DAY = frozenset(range(7))

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_GLUED = re.compile(r"\S#")
_NUMBER = re.compile(r"\+?\d+", re.ASCII)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(d|h|ms|m|s)", re.ASCII)
_SECONDS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_LEAST_INTERVAL = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Field:
    """One field: its bounds, and names for its values from `first` on, which may be cut to `shortest` letters."""

    name: str
    lowest: int
    highest: int
    names: Sequence[str] = ()
    first: int = 0
    shortest: int = 3


_SECOND, _MINUTE, _HOUR = _Field("second", 0, 59), _Field("minute", 0, 59), _Field("hour", 0, 23)
_DAY, _MONTH = _Field("day", 1, 31), _Field("month", 1, 12, _MONTHS, first=1)
_WEEKDAY, _YEAR = _Field("weekday", 0, 7, _DAYS, shortest=2), _Field("year", 2000, 2100)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression that was read; `interval` is set for `@every`, and nothing else then. Sunday is weekday 0."""

    zone: str | None = None
    interval: timedelta | None = None
    seconds: frozenset[int] = frozenset()
    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    years: frozenset[int] = frozenset()


def parsed(text: str) -> Cron:
    """Return what a cron expression says.

    Raises:
        ValueError: the server would refuse it, or it never comes due; says why.
    """
    zone, fields = split_zone(text)
    if _GLUED.search(fields):
        # Other schedulers mean the second Friday by `5#2`; the server reads Friday and a comment.
        raise ValueError("has '#' within a field, where the server would begin a comment; put a blank before it")
    fields = fields.partition("#")[0].strip()
    if fields.startswith("@every"):
        return Cron(zone=zone, interval=_interval(fields))
    parts = _NAMED.get(fields, fields).split()
    if not 5 <= len(parts) <= 7:
        raise ValueError(f"has {len(parts)} fields instead of 5 (or 6 with years last, 7 with seconds first too)")
    second = parts.pop(0) if len(parts) == 7 else "0"
    year = parts.pop() if len(parts) == 6 else "*"
    minute, hour, day, month, weekday = parts
    found = Cron(
        zone=zone,
        seconds=_values(second, _SECOND),
        minutes=_values(minute, _MINUTE),
        hours=_values(hour, _HOUR),
        days=_values(day, _DAY),
        months=_values(month, _MONTH),
        # 7 is Sunday as well.
        weekdays=frozenset(value % 7 for value in _values(weekday, _WEEKDAY)),
        years=_values(year, _YEAR),
    )
    if all(min(found.days) > _LONGEST[number - 1] for number in found.months):
        raise ValueError("names a day that none of its months has")
    return found


def split_zone(text: str) -> tuple[str | None, str]:
    """Return the zone a cron expression names in front, and the rest.

    Raises:
        ValueError: the zone is unknown, or nothing follows.
    """
    text = text.strip()
    if not text.startswith(("TZ=", "CRON_TZ=")):
        return None, text
    named, _, rest = text.partition(" ")
    zone = named.partition("=")[2]
    if not rest.strip():
        raise ValueError("names a zone and no fields")
    if not is_zone(zone):
        raise ValueError(f"names {zone!r}, which is not a time zone of the IANA database")
    return zone, rest.strip()


def time_of_day(cron: str) -> time | None:
    """Return the local time of day of a cron expression; None unless there is exactly one."""
    found = _read(cron)
    if found is None or not len(found.seconds) == len(found.minutes) == len(found.hours) == 1:
        return None
    return time(min(found.hours), min(found.minutes), min(found.seconds))


def is_hourly(cron: str) -> bool:
    """Return whether a cron expression comes due in every hour of every day, so that it means the same in every zone.

    In a zone that is off by a part of an hour it comes due at other minutes.
    """
    found = _read(cron)
    if found is None or found.interval is not None:
        return False
    limited = ((found.hours, _HOUR), (found.days, _DAY), (found.months, _MONTH), (found.years, _YEAR))
    return len(found.weekdays) == len(EVERY_DAY) and all(
        len(values) > field.highest - field.lowest for values, field in limited
    )


def weekdays(cron: str) -> frozenset[int] | None:
    """Return the weekdays (Monday is 0) of a cron expression.

    None if they are not all that counts: a day of the month, a month or a year is named too, or there are none.
    """
    found = _read(cron)
    if found is None or found.interval is not None:
        return None
    limited = ((found.days, _DAY), (found.months, _MONTH), (found.years, _YEAR))
    if any(len(values) <= field.highest - field.lowest for values, field in limited):
        return None
    return frozenset((weekday - 1) % 7 for weekday in found.weekdays)


def zone_of(cron: str, otherwise: str) -> str:
    """Return the zone in which a cron expression is read: its own, or this one.

    Raises:
        ValueError: its zone is unknown.
    """
    return split_zone(cron)[0] or otherwise


def nominal_on(day: date, cron: str, zone: str) -> datetime:
    """Return the instant of a cron expression's time of day on a local day, in UTC (SPEC C3); midnight if it has none.

    Raises:
        ValueError: the zone is unknown.
    """
    return instant_at(day, time_of_day(cron) or time(0), zone_of(cron, zone))


def _read(cron: str) -> Cron | None:
    try:
        return parsed(cron)
    except ValueError:
        return None


def _values(text: str, field: _Field) -> frozenset[int]:
    return frozenset(value for part in text.split(",") for value in _range(part, field))


def _range(part: str, field: _Field) -> range:
    ends, has_step, step = part.partition("/")
    if has_step and (_NUMBER.fullmatch(step) is None or int(step) < 1):
        raise ValueError(f"has {part!r} as {field.name}, whose step is no number from 1 on")
    if ends == "*":
        first, last = field.lowest, field.highest
    else:
        begin, has_end, end = ends.partition("-")
        first = _value(begin, field)
        # A step without an end goes on to the highest value.
        last = _value(end, field) if has_end else field.highest if has_step else first
    if last < first:
        raise ValueError(f"has {part!r} as {field.name}, which ends before it begins")
    return range(first, last + 1, int(step or 1))


def _value(text: str, field: _Field) -> int:
    if len(text) >= field.shortest:
        named = [number for number, name in enumerate(field.names, field.first) if name.startswith(text.lower())]
        if named:
            return named[0]
    if _NUMBER.fullmatch(text) is None or not field.lowest <= int(text) <= field.highest:
        raise ValueError(f"has {text!r} as {field.name}, which is not from {field.lowest} to {field.highest}")
    return int(text)


def _interval(text: str) -> timedelta:
    interval, _, phase = text.removeprefix("@every").strip().partition("/")
    every, shift = _duration(interval), _duration(phase) if phase else timedelta(0)
    if every < _LEAST_INTERVAL or shift >= every:
        raise ValueError(f"has {text!r}: an interval is at least a second, and longer than its phase")
    return every


def _duration(text: str) -> timedelta:
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"has {text!r} as a duration; write one like 90m or 1h30m")
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
