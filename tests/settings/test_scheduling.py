from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from relance.domain.invitations.reminders import DEFAULT_TIMING, ReminderTiming
from relance.settings import Scheduling

DAY = timedelta(days=1)


def test_the_limits_of_reminders_are_those_of_the_domain_unless_told_otherwise() -> None:
    assert Scheduling().reminder_timing == DEFAULT_TIMING
    chosen = Scheduling(reminder_max_late=2 * DAY, reminder_distance=DAY / 2)
    assert chosen.reminder_timing == ReminderTiming(2 * DAY, DAY / 2)


@pytest.mark.parametrize(("max_late", "distance"), [(DAY, DAY), (DAY / 2, DAY), (3 * DAY, 3 * DAY)])
def test_a_reminder_that_keeps_its_distance_must_not_be_too_late_by_that(
    max_late: timedelta, distance: timedelta
) -> None:
    with pytest.raises(ValidationError, match="reminder_max_late must be longer than reminder_distance"):
        Scheduling(reminder_max_late=max_late, reminder_distance=distance)


@pytest.mark.parametrize("distance", [-DAY, 4 * DAY])
def test_the_distance_fits_between_an_invitation_and_its_first_reminder(distance: timedelta) -> None:
    with pytest.raises(ValidationError):
        Scheduling(reminder_max_late=10 * DAY, reminder_distance=distance)
