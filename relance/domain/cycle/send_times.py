"""Send times: the pure function of SPEC C3, and its helpers.

A wall time that a clock change skips moves forward by the gap; one that occurs twice means the first occurrence. Both
are what PEP 495 calls `fold=0`: the offset in force before the change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from relance.domain.invitations.invitation import DueAt
from relance.domain.zones import is_zone, zone_info

FIRST_YEAR, LAST_YEAR = 1970, 2100
"""Of the periods a person may name: further off, clocks and timers have no meaning."""

FIRST_REMINDER_DAYS = 3
SECOND_REMINDER_DAYS = 7

_PERIOD = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_EASTMOST = timedelta(hours=14)
_WESTMOST = timedelta(hours=12)


class Note(StrEnum):
    """Why a send time is not literally what the user's preferences say."""

    DAY_CLAMPED = "day_clamped"
    HOUR_SHIFTED = "hour_shifted"
    HOUR_REPEATED = "hour_repeated"
    DAY_INVALID = "day_invalid"
    TIME_INVALID = "time_invalid"
    ZONE_UNKNOWN = "zone_unknown"


INVALID = frozenset({Note.DAY_INVALID, Note.TIME_INVALID, Note.ZONE_UNKNOWN})
"""Notes of preferences that are none: the default counts instead."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """The defaults of users without preferences of their own: day of the month, `HH:MM`, zone."""

    day: int
    time: str
    zone: str


@dataclass(frozen=True, slots=True)
class SendTime:
    """One send: the instant in UTC, the wall time really used (naive, after a shift the shifted one), and its zone."""

    instant: datetime
    local: datetime
    zone: str
    notes: tuple[Note, ...] = ()


def send_time(period: str, *, day: Any, time: Any, zone: Any, defaults: Defaults) -> SendTime:
    """Return when a user's invitations of a period go out (SPEC C2, C3).

    None means the default; what is no day 1-31, no `HH:MM` or no known zone means the default too, with a note.

    Raises:
        ValueError: the period is no `YYYY-MM` between 1970 and 9998, or a default is unusable.
    """
    notes: list[Note] = []
    wanted = _day(day)
    if wanted is None:
        wanted = defaults.day
        notes += [Note.DAY_INVALID] * (day is not None)
    clock = _clock(time)
    if clock is None:
        clock = _clock(defaults.time)
        notes += [Note.TIME_INVALID] * (time is not None)
    if clock is None:
        raise ValueError("the default time is not HH:MM")
    known = zone if is_zone(zone) else defaults.zone
    if known is not zone and zone is not None:
        notes.append(Note.ZONE_UNKNOWN)

    first = _first_day(period)
    last = (_first_day(next_period(period)) - timedelta(days=1)).day
    if wanted > last:
        wanted = last
        notes.append(Note.DAY_CLAMPED)
    return _resolve(first.replace(day=wanted, hour=clock[0], minute=clock[1]), known, notes)


def days_later(sent_at: datetime, days: int, zone: str) -> datetime:
    """Return the same wall time `days` calendar days later in a known zone, in UTC, rounded up to the minute (SPEC R2).

    Rounding up lets one user's reminders share their instant and never come early. The instant is rounded, not the
    wall time: rounding 02:59:30 up to 03:00 on a day whose third hour occurs twice would add an hour.
    """
    rules = zone_info(zone)
    # Adding to an aware datetime of one zone moves its wall time.
    return _full_minute(_first_occurrence(sent_at.astimezone(rules) + timedelta(days=days)))


def due_at(sent_at: datetime, zone: str, expiry_days: int) -> DueAt:
    """Return the instants of both reminders and of the expiry of an invitation sent at this instant."""
    # Thousands of mails leave within one minute and zone. Clocks change at full minutes only, so that the second within
    # the minute decides nothing but the rounding.
    floor = sent_at.replace(second=0, microsecond=0)
    return _due_at(floor, sent_at > floor, zone, expiry_days)


@lru_cache(maxsize=1024)
def _due_at(floor: datetime, rounded_up: bool, zone: str, expiry_days: int) -> DueAt:  # noqa: FBT001 - a cache key
    up = timedelta(minutes=1) if rounded_up else timedelta(0)
    return DueAt(
        first=days_later(floor, FIRST_REMINDER_DAYS, zone) + up,
        second=days_later(floor, SECOND_REMINDER_DAYS, zone) + up,
        expiry=days_later(floor, expiry_days, zone) + up,
    )


def next_sends(
    months: int, first_period: str, *, day: Any, time: Any, zone: Any, defaults: Defaults
) -> list[tuple[str, SendTime]]:
    """Return the send times of as many periods in a row, each with its period."""
    sends = []
    period = first_period
    for _ in range(months):
        sends.append((period, send_time(period, day=day, time=time, zone=zone, defaults=defaults)))
        period = next_period(period)
    return sends


def is_month(text: str) -> bool:
    """Return whether a text is a period between the first and the last year, in plain digits."""
    found = _PERIOD.fullmatch(text)
    return found is not None and FIRST_YEAR <= int(found[1]) <= LAST_YEAR


def months_between(first: str, second: str) -> int:
    """Return how many months the second period comes after the first; negative if before."""
    start, other = _first_day(first), _first_day(second)
    return (other.year - start.year) * 12 + other.month - start.month


def next_period(period: str) -> str:
    """Return the month after this one."""
    return _period_of(_first_day(period) + timedelta(days=31))


def period_before(period: str) -> str:
    """Return the month before this one."""
    return _period_of(_first_day(period) - timedelta(days=1))


def current_period(now: datetime, zone: str) -> str:
    """Return the month an instant falls into in a known zone."""
    return _period_of(now.astimezone(zone_info(zone)))


def period_of_opening(nominal: datetime, zone: str) -> str:
    """Return the period that the monthly Schedule opens at this nominal time (SPEC C1).

    The Schedule fires late in the month before; run in the first half of a month, it opens that month.
    """
    local = nominal.astimezone(zone_info(zone))
    return next_period(_period_of(local)) if local.day > 15 else _period_of(local)


def period_window(period: str) -> tuple[datetime, datetime]:
    """Return the earliest and the latest instant (UTC) at which a send time of the period can fall, anywhere on Earth.

    From the first 00:00 at UTC+14 to the last 23:59 at UTC-12. A skipped time needs no margin: it is counted with the
    offset before the change.
    """
    first = _first_day(period).replace(tzinfo=UTC)
    after = _first_day(next_period(period)).replace(tzinfo=UTC)
    return first - _EASTMOST, after - timedelta(minutes=1) + _WESTMOST


def _resolve(wall: datetime, zone: str, notes: Sequence[Note]) -> SendTime:
    rules = zone_info(zone)
    instant = _first_occurrence(wall.replace(tzinfo=rules))
    local = instant.astimezone(rules).replace(tzinfo=None, fold=0)
    extra: tuple[Note, ...] = ()
    if local != wall:
        extra = (Note.HOUR_SHIFTED,)
    elif wall.replace(tzinfo=rules, fold=1).astimezone(UTC) != instant:
        extra = (Note.HOUR_REPEATED,)
    return SendTime(instant, local, zone, (*notes, *extra))


def _first_occurrence(wall: datetime) -> datetime:
    return wall.replace(fold=0).astimezone(UTC)


def _full_minute(instant: datetime) -> datetime:
    floor = instant.replace(second=0, microsecond=0)
    return floor if floor == instant else floor + timedelta(minutes=1)


def _day(value: Any) -> int | None:
    # The mongo shell stores every number as a double: 5.0 is the day 5.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 31:
        return None
    return int(value)


def _clock(value: Any) -> tuple[int, int] | None:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    return (int(found[1]), int(found[2])) if found else None


def _first_day(period: str) -> datetime:
    found = _PERIOD.fullmatch(period)
    if found is None or not 1970 <= int(found[1]) <= 9998:
        raise ValueError(f"{period!r} is not a period, write YYYY-MM")
    return datetime(int(found[1]), int(found[2]), 1)  # noqa: DTZ001 - a wall time


def _period_of(local: datetime) -> str:
    return f"{local.year:04}-{local.month:02}"
