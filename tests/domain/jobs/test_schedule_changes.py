"""What a change of a cron expression leaves out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from relance.domain.jobs.schedule_changes import left_out

NOW = datetime(2026, 11, 28, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
times = st.lists(st.integers(1, 100), unique=True).map(lambda hours: [NOW + hour * HOUR for hour in sorted(hours)])


def test_a_daily_job_moved_to_an_hour_that_has_passed_leaves_today_out() -> None:
    eight, six = [NOW + HOUR, NOW + 25 * HOUR], [NOW + 23 * HOUR, NOW + 47 * HOUR]
    assert left_out(eight, six) == (NOW + HOUR,)
    assert left_out(six, eight) == ()
    assert left_out(eight, []) == tuple(eight)
    assert left_out([], six) == ()


@given(times, times)
def test_nothing_is_left_out_once_the_new_expression_acts(before: list[datetime], after: list[datetime]) -> None:
    found = left_out(before, after)
    assert set(found) <= set(before) - set(after)
    assert all(at < min(after) for at in found if after)
    assert left_out(before, before) == ()
