"""Send times by an independent library, and every clock change of the zones under test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from whenever import PlainDateTime, RepeatedTime, SkippedTime

from relance.domain.cycle.send_times import Note
from relance.domain.zones import zone_info

ZONES = (
    "Europe/Paris",
    "Europe/Amsterdam",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Asia/Tehran",
    "America/St_Johns",
    "Pacific/Chatham",
    "America/Sao_Paulo",
    "Asia/Gaza",
    "Antarctica/Troll",
    "UTC",
)
FIRST_YEAR, LAST_YEAR = 2005, 2040


class Change(NamedTuple):
    """A clock change: the first wall time that is skipped or repeated, and how much (negative: repeated)."""

    zone: str
    wall: datetime
    shift: timedelta


def wall_time(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - no zone is the point


def instant_of(wall: datetime, zone: str) -> datetime:
    return PlainDateTime(wall).assume_tz(zone, disambiguation="compatible").to_instant().to_stdlib()


def wall_of(wall: datetime, zone: str) -> datetime:
    return PlainDateTime(wall).assume_tz(zone, disambiguation="compatible").to_plain().to_stdlib()


def note_of(wall: datetime, zone: str) -> tuple[Note, ...]:
    try:
        PlainDateTime(wall).assume_tz(zone, disambiguation="raise")
    except SkippedTime:
        return (Note.HOUR_SHIFTED,)
    except RepeatedTime:
        return (Note.HOUR_REPEATED,)
    return ()


@cache
def changes() -> tuple[Change, ...]:
    return tuple(change for zone in ZONES for change in _changes(zone))


def _changes(zone: str) -> Iterator[Change]:
    rules = zone_info(zone)

    def offset(instant: datetime) -> timedelta:
        found = instant.astimezone(rules).utcoffset()
        assert found is not None
        return found

    day = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    while day < end:
        following = day + timedelta(days=1)
        before, after = offset(day), offset(following)
        if before != after:
            low, high = day, following
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2 // timedelta(minutes=1) * timedelta(minutes=1)
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            yield Change(zone, (high + min(before, after)).replace(tzinfo=None), after - before)
        day = following
