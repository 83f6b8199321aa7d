"""The silence that the fields of a form describe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relance.domain.conversation import Intent, Misunderstood, Request, Unclear, silence_from

NOW = datetime(2026, 11, 28, 13, 40, tzinfo=UTC)


def told(end: str, reason: str = "known pause", *, critical: bool = False) -> Request | Misunderstood:
    return silence_from(end, reason, critical=critical, now=NOW, zone="Europe/Paris")


@pytest.mark.parametrize(
    ("end", "hours"),
    [
        ("4h", 4),
        ("for 4 hours", 4),
        ("pendant 2 jours", 48),
        ("jusqu'à demain 9h", 18.0 + 1 / 3),
        ("Until 18:00", 3 + 1 / 3),
    ],
)
def test_an_end_is_read_as_it_is_in_the_chat(end: str, hours: float) -> None:
    until = NOW + timedelta(minutes=round(hours * 60))
    assert told(end, critical=True) == Request(Intent.SILENCE, None, until, "known pause", critical=True)


@pytest.mark.parametrize(
    ("end", "reason", "trouble"),
    [
        ("", "known pause", Unclear.END),
        ("4h or so", "known pause", Unclear.END),
        ("not 4h", "known pause", Unclear.END),
        ("4h 3h", "known pause", Unclear.END),
        ('"4h"', "known pause", Unclear.END),
        ("0h", "known pause", Unclear.PAST),
        ("91d", "known pause", Unclear.TOO_FAR),
        ("4h", "  ", Unclear.REASON),
        ("4h", "x" * 501, Unclear.REASON),
        ("4h", "ask anna@example.com", Unclear.ADDRESS),
        ("4h", "x" * 1001, Unclear.TOO_MUCH),
    ],
)
def test_what_is_no_silence_says_why(end: str, reason: str, trouble: Unclear) -> None:
    assert told(end, reason) == Misunderstood(trouble, Intent.SILENCE)


def test_a_reason_that_says_no_is_a_reason_where_it_has_a_field_of_its_own() -> None:
    assert isinstance(told("4h", "no traffic on weekends"), Request)
