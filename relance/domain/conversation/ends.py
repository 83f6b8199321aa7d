"""Ends of silences as people write them: `4h`, `2 jours`, `until tomorrow 9:00`, `jusqu'à lundi 9h`.

A time of day is that of the reader's own clock. A day without a time counts to its last second, as for
`alerts silence --until`; a time without a day is the next such time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from relance.domain.conversation.tokens import Token
from relance.domain.zones import instant_at, zone_info

_UNITS = {
    timedelta(minutes=1): "m min mins minute minutes mn",
    timedelta(hours=1): "h hr hrs hour hours heure heures",
    timedelta(days=1): "d day days j jour jours",
    timedelta(weeks=1): "w week weeks sem semaine semaines",
}
_UNIT = {word: span for span, words in _UNITS.items() for word in words.split()}
_NUMBER_WORDS = "one a an un une, two deux, three trois, four quatre, five cinq, six, seven sept, eight huit, nine neuf"
_NUMBERS = {word: number for number, several in enumerate(_NUMBER_WORDS.split(","), 1) for word in several.split()}
_COMPACT = re.compile(r"(?:[0-9]{1,5}[a-z]{1,8})+(?:[0-9]{2})?")
_PART = re.compile(r"([0-9]+)([a-z]*)")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])(?:[:h]([0-5][0-9])|h)?(am|pm)?")
_WEEK = (
    "monday lundi, tuesday mardi, wednesday mercredi, thursday jeudi, friday vendredi, saturday samedi, sunday dimanche"
)
_DAYS = {word: number for number, both in enumerate(_WEEK.split(",")) for word in both.split()}
_UNTIL = {"until", "till", "til", "jusqu", "jusque"}
_AT = {"at", "a"}
_BETWEEN = {"a", "au", "le", "la", "the", "on", "at"}
_BEFORE = {"for", "pendant", "pour", "durant"}
_HALF_HOURS = (("demi-heure",), ("une", "demi-heure"), ("half", "an", "hour"))
_AND_A_HALF = (("and", "a", "half"), ("et", "demie"), ("et", "demi"))
_LAST_SECOND = time(23, 59, 59)


class End(NamedTuple):
    """An end between two places of the words; `instant` is None where an end begins that cannot be read."""

    first: int
    behind: int
    instant: datetime | None


class _DurationPart(NamedTuple):
    span: timedelta
    unit: timedelta
    behind: int


class _Clock(NamedTuple):
    at: time
    behind: int


def find_end(tokens: Sequence[Token], now: datetime, zone: str) -> End | None:
    """Return the first end among the words; None if there is none. `zone` is a known one."""
    for place, token in enumerate(tokens):
        if token.folded in _UNTIL:
            return _until(tokens, place, now, zone)
        span, behind = _duration(tokens, place)
        if behind > place:
            return End(place, behind, now + span)
    return None


def begins_end(tokens: Sequence[Token], place: int) -> bool:
    """Return whether at a place begins what may be an end."""
    if tokens[place].folded in _UNTIL or _part(tokens, place) is not None:
        return True
    return _day(tokens, place, date.min) is not None or _clock(tokens, place) is not None


def whole_end(tokens: Sequence[Token], now: datetime, zone: str) -> datetime | None:
    """Return the end that the words are, all of them; None if they are none. `zone` is a known one."""
    found = find_end(tokens, now, zone)
    if found is None or found.behind != len(tokens):
        return None
    return found.instant if all(token.folded in _BEFORE for token in tokens[: found.first]) else None


def _duration(tokens: Sequence[Token], place: int) -> tuple[timedelta, int]:
    """Return a duration of one part or several, each shorter than a unit of the part before: not `4h 3h`."""
    whole, unit, behind = timedelta(), timedelta.max, place
    while behind < len(tokens):
        start = behind + (behind > place and tokens[behind].folded in {"and", "et"})
        part = _part(tokens, start)
        if part is None or part.span >= unit:
            break
        whole, unit, behind = whole + part.span, part.unit, part.behind
    return whole, behind


def _part(tokens: Sequence[Token], place: int) -> _DurationPart | None:
    words = tuple(token.folded for token in tokens[place : place + 3])
    for phrase in _HALF_HOURS:
        if words[: len(phrase)] == phrase:
            return _DurationPart(timedelta(minutes=30), timedelta(minutes=1), place + len(phrase))
    if words and _COMPACT.fullmatch(words[0]):
        found = _compact(words[0])
        return _DurationPart(*found, place + 1) if found is not None else None
    if len(words) > 1 and words[1] in _UNIT and (words[0] in _NUMBERS or re.fullmatch(r"[0-9]{1,5}", words[0])):
        count, unit = _NUMBERS.get(words[0]) or int(words[0]), _UNIT[words[1]]
        after = tuple(token.folded for token in tokens[place + 2 : place + 5])
        for phrase in _AND_A_HALF:
            if after[: len(phrase)] == phrase:
                return _DurationPart(count * unit + unit / 2, timedelta(minutes=1), place + 2 + len(phrase))
        return _DurationPart(count * unit, unit, place + 2)
    return None


def _compact(word: str) -> tuple[timedelta, timedelta] | None:
    """Return what `4h`, `1d12h` or `1h30` stands for, and its smallest unit."""
    whole, smallest, name = timedelta(), timedelta.max, ""
    for count, written in _PART.findall(word):
        if not written and name not in {"h", "hr", "heure", "heures"}:
            return None
        name = written or "m"
        if name not in _UNIT or int(count) * _UNIT[name] >= smallest:
            return None
        whole, smallest = whole + int(count) * _UNIT[name], _UNIT[name]
    return whole, smallest


def _until(tokens: Sequence[Token], place: int, now: datetime, zone: str) -> End:
    today = now.astimezone(zone_info(zone)).date()
    iso = _iso(tokens[place + 1], zone) if place + 1 < len(tokens) else None
    if iso is not None:
        return End(place, place + 2, iso)
    day: date | None = None
    clock: time | None = None
    behind = place + 1
    while behind < len(tokens) and (day is None or clock is None):
        found = _day(tokens, behind, today) if day is None else None
        if found is not None:
            day, behind = found
            continue
        timed = _clock(tokens, behind) if clock is None else None
        if timed is not None:
            clock, behind = timed
            continue
        if tokens[behind].folded in _BETWEEN and behind + 1 < len(tokens) and _is_next(tokens, behind + 1, today):
            behind += 1
            continue
        break
    if day is None and clock is None:
        return End(place, place + 1, None)
    try:
        return End(place, behind, _instant(day, clock, today, now, zone))
    except (OverflowError, ValueError):
        return End(place, behind, None)


def _is_next(tokens: Sequence[Token], place: int, today: date) -> bool:
    return _day(tokens, place, today) is not None or _clock(tokens, place) is not None


def _instant(day: date | None, clock: time | None, today: date, now: datetime, zone: str) -> datetime:
    if day is None:
        soon = instant_at(today, clock or _LAST_SECOND, zone)
        return soon if soon > now else instant_at(today + timedelta(days=1), clock or _LAST_SECOND, zone)
    return instant_at(day, clock or _LAST_SECOND, zone)


def _iso(token: Token, zone: str) -> datetime | None:
    """Return a day with a time, `2026-12-01T06:00`, with or without an offset."""
    if "t" not in token.folded:
        return None
    try:
        found = datetime.fromisoformat(token.folded.upper())
        return (found if found.tzinfo else found.replace(tzinfo=zone_info(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _day(tokens: Sequence[Token], place: int, today: date) -> tuple[date, int] | None:
    words = tuple(token.folded for token in tokens[place : place + 3])
    for phrase, ahead in _NAMED.items():
        if words[: len(phrase)] == phrase:
            return today + timedelta(days=ahead), place + len(phrase)
    if words[0] in _DAYS:
        # On a Monday, "until Monday" is a week ahead.
        ahead = (_DAYS[words[0]] - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead), place + 1
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", words[0]):
        try:
            return date.fromisoformat(words[0]), place + 1
        except ValueError:
            return None
    return None


_NAMED = {
    ("today",): 0,
    ("tonight",): 0,
    ("aujourd", "hui"): 0,
    ("ce", "soir"): 0,
    ("tomorrow",): 1,
    ("demain",): 1,
    ("day", "after", "tomorrow"): 2,
    ("apres-demain",): 2,
    ("apres", "demain"): 2,
}


def _clock(tokens: Sequence[Token], place: int) -> _Clock | None:
    word, after = tokens[place].folded, tokens[place + 1].folded if place + 1 < len(tokens) else ""
    if word in {"noon", "midi"}:
        return _Clock(time(12), place + 1)
    if word in {"midnight", "minuit"}:
        return _Clock(_LAST_SECOND, place + 1)
    found = _CLOCK.fullmatch(word)
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3] or ""
    behind = place + 1
    if not half and after in {"am", "pm"}:
        half, behind = after, place + 2
    elif word.isdecimal() and after in {"h", "heure", "heures"}:
        behind = place + 2
    elif word.isdecimal() and not half and not (place and tokens[place - 1].folded in _AT):
        # A number alone may be the first word of the reason.
        return None
    if half and not 1 <= hour <= 12:
        return None
    return _Clock(time(hour % 12 + 12 * (half == "pm") if half else hour, minute), behind)
