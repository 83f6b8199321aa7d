from __future__ import annotations

from datetime import timedelta

import pytest

from workflows.common.resting import pause
from workflows.monthly_cycle import SETTLE_EVERY, SETTLE_FOR
from workflows.roll_back import IN_FLIGHT_EVERY, IN_FLIGHT_FOR


@pytest.mark.parametrize(
    ("every", "whole", "most"), [(IN_FLIGHT_EVERY, IN_FLIGHT_FOR, 25), (SETTLE_EVERY, SETTLE_FOR, 30)]
)
def test_the_longest_waits_take_few_looks(every: timedelta, whole: timedelta, most: int) -> None:
    waited, looks = timedelta(0), 0
    while waited < whole:
        waited += pause(every, waited)
        looks += 1
    assert looks <= most
    assert waited <= whole * 1.25


def test_the_first_looks_come_as_often_as_they_are_wanted() -> None:
    assert pause(timedelta(minutes=5), timedelta(minutes=20)) == timedelta(minutes=5)
    assert pause(timedelta(minutes=5), timedelta(hours=4)) == timedelta(hours=1)
