"""A duration is said in one unit, in the language of who reads it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from relance.domain.durations import ago, span
from relance.wording.saying import said


@pytest.mark.parametrize(
    ("time", "english", "french"),
    [
        (timedelta(seconds=-1), "0 s", "0 s"),
        (timedelta(seconds=40), "40 s", "40 s"),
        (timedelta(seconds=119.9), "119 s", "119 s"),
        (timedelta(minutes=12), "12 min", "12 min"),
        (timedelta(hours=5), "5 h", "5 h"),
        (timedelta(hours=48), "2 days", "2 jours"),
        (timedelta(days=3), "3 days", "3 jours"),
    ],
)
def test_a_duration_is_said_as_people_say_it(time: timedelta, english: str, french: str) -> None:
    assert (span(time), said(span(time), "fr")) == (english, french)
    assert (ago(time), said(ago(time), "fr")) == (f"{english} ago", f"il y a {french}")
