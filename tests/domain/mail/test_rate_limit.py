from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.mail.rate_limit import SLACK, UNMEASURED, RateLimiter, RatePolicy

MANNERS = RatePolicy(pause=10.0, recovery=600.0, slowest=0.1, spread=60.0)


def _run(pace: RateLimiter, seconds: float, start: float = 0.0, most: float = 100.0) -> int:
    """Send whatever may be sent, `most` mails a second at most; return how many."""
    now, sent = start, 0
    while now < start + seconds:
        place = pace.take(now)
        if place >= start + seconds:
            break
        now = max(now, place) + 1 / most
        sent += 1
    return sent


@given(st.floats(0.2, 500), st.lists(st.floats(0, 2), min_size=1, max_size=200))
def test_a_limit_holds_in_every_span_of_time(rate: float, gaps: list[float]) -> None:
    pace, now, places = RateLimiter(rate, MANNERS), 0.0, []
    for gap in gaps:
        now += gap
        places.append(max(now, pace.take(now)))
    for first, _ in enumerate(places):
        for last in range(first, len(places)):
            assert last - first + 1 <= rate * (places[last] - places[first] + SLACK) + 1 + 1e-6


def test_without_a_limit_nobody_waits() -> None:
    pace = RateLimiter(None, MANNERS)
    assert [pace.take(0.0) for _ in range(1000)] == [0.0] * 1000
    assert pace.rate(0.0) is None


def test_too_fast_means_a_pause_then_half_the_rate() -> None:
    pace = RateLimiter(None, MANNERS)
    _run(pace, 5.0)
    assert pace.slow_down(4.9, 5.0, None)
    assert pace.wait(5.0) == pytest.approx(10.0)
    assert pace.rate(15.0) == pytest.approx(50.0, rel=0.05)
    assert _run(pace, 10.0, start=15.0, most=1000.0) == pytest.approx(505, rel=0.05)


def test_the_reply_says_how_long_the_pause_is_and_recovery_begins_after_it() -> None:
    pace = RateLimiter(100.0, MANNERS)
    _run(pace, 5.0)
    pace.slow_down(4.9, 5.0, 7200.0)
    assert pace.wait(7000.0) == pytest.approx(205.0)
    assert pace.rate(7205.0) == pytest.approx(50.0, rel=0.05)
    assert pace.rate(7205.0 + 150) == pytest.approx(75.0, rel=0.05)
    assert pace.rate(7205.0 + 600) == 100.0


def test_the_rate_is_free_again_after_the_recovery() -> None:
    pace = RateLimiter(None, MANNERS)
    _run(pace, 5.0)
    pace.slow_down(4.9, 5.0, None)
    assert pace.rate(14.0 + 600) is None
    assert pace.wait(14.0 + 600) == 0.0


def test_the_mails_under_way_when_it_was_slowed_down_count_as_one() -> None:
    pace = RateLimiter(None, MANNERS)
    _run(pace, 5.0)
    assert pace.slow_down(4.9, 5.0, None)
    assert not pace.slow_down(4.95, 5.1, None)
    assert pace.rate(5.1) == pytest.approx(50.0, rel=0.05)
    assert pace.slow_down(5.05, 5.2, None)
    assert pace.rate(5.2) == pytest.approx(25.0, rel=0.05)


def test_a_provider_that_objects_to_the_first_mail_gets_few() -> None:
    pace = RateLimiter(None, MANNERS)
    pace.take(0.0)
    pace.slow_down(0.0, 0.1, None)
    assert pace.rate(10.1) == pytest.approx(UNMEASURED / 2)


@given(st.lists(st.tuples(st.floats(0.001, 300), st.booleans(), st.none() | st.floats(0, 10_000)), max_size=40))
def test_the_rate_stays_between_the_slowest_and_the_limit(steps: list[tuple[float, bool, float | None]]) -> None:
    pace, now = RateLimiter(80.0, MANNERS), 0.0
    for step, too_fast, pause in steps:
        now += step
        pace.take(now)
        before = pace.rate(now)
        if too_fast:
            pace.slow_down(now, now, pause)
            rate = pace.rate(now)
            assert before is not None
            assert rate is not None
            assert rate <= max(before / 2, MANNERS.slowest) + 1e-9
        rate = pace.rate(now)
        assert rate is not None
        assert MANNERS.slowest <= rate <= 80.0


@given(st.floats(0, 20_000), st.integers(1, 500), st.booleans())
def test_mails_that_are_put_off_come_back_one_by_one_and_by_the_end_of_the_recovery(
    pause: float, mails: int, too_fast: bool
) -> None:
    pace = RateLimiter(None, MANNERS)
    _run(pace, 1.0, most=1.0)
    if too_fast:
        pace.slow_down(0.9, 1.0, pause)
    wait = pace.wait(1.0)
    returns = [pace.put_off(wait, 1.0) for _ in range(mails)]
    assert returns == sorted(returns)
    assert returns[0] == max(wait, MANNERS.spread)
    assert returns[-1] <= max(wait, MANNERS.spread) + MANNERS.recovery
    if too_fast and mails > 1:
        assert returns[1] - returns[0] == pytest.approx(1 / (pace.rate(1.0) or 1), rel=0.01)


def test_the_last_place_in_line_can_be_given_back() -> None:
    pace = RateLimiter(1.0, MANNERS)
    pace.take(0.0)
    last = pace.take(0.0)
    pace.release(last)
    assert pace.take(0.0) == last


def test_it_may_be_forgotten_only_when_nobody_would_notice() -> None:
    pace = RateLimiter(10.0, MANNERS)
    assert pace.is_idle(0.0)
    for _ in range(20):
        pace.take(0.0)
    assert not pace.is_idle(1.0)
    assert pace.is_idle(3.0)
    pace.slow_down(1.0, 3.0, None)
    assert not pace.is_idle(100.0)


def test_a_pause_asked_of_another_process_is_kept_and_halves_the_rate_once() -> None:
    pace = RateLimiter(100.0, MANNERS)
    _run(pace, 5.0)
    pace.leave_alone(30.0, 5.0)
    pace.leave_alone(31.0, 6.0)
    assert pace.wait(5.0) == pytest.approx(32.0)
    assert pace.pause_left(5.0) == 0.0
    assert pace.rate(37.0) == pytest.approx(50.0, rel=0.05)


def test_a_pause_asked_of_this_process_is_told_and_a_longer_one_of_another_is_not() -> None:
    pace = RateLimiter(100.0, MANNERS)
    _run(pace, 5.0)
    pace.slow_down(4.9, 5.0, 20.0)
    pace.leave_alone(300.0, 6.0)
    assert pace.pause_left(6.0) == pytest.approx(19.0)
    assert pace.wait(6.0) == pytest.approx(300.0)
