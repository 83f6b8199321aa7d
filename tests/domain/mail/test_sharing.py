from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.mail.rate_limit import RateLimiter, RatePolicy
from relance.domain.mail.sharing import HeardRests, LimitShare, ProviderRest

names = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=12, unique=True)


def shares(processes: list[str]) -> list[LimitShare]:
    found = []
    for name in processes:
        share = LimitShare()
        share.among(processes, name)
        found.append(share)
    return found


@given(names, st.integers(1, 300))
def test_all_parts_make_up_the_limit_but_each_is_one_at_least(processes: list[str], limit: int) -> None:
    parts = [share.whole(limit) for share in shares(processes)]
    assert sum(parts) == max(limit, len(processes))
    assert max(parts) - min(parts) <= 1


@given(names, st.floats(0.1, 1000))
def test_all_rates_make_up_the_limit(processes: list[str], limit: float) -> None:
    assert sum(share.rate(limit) for share in shares(processes)) == pytest.approx(limit)


def test_a_process_that_nobody_names_counts_itself() -> None:
    share = LimitShare()
    share.among(["b", "c"], "a")
    assert (share.of, share.whole(5)) == (3, 2)


def test_a_pace_follows_its_share() -> None:
    share = LimitShare()
    pace = RateLimiter(10.0, RatePolicy(), share)
    assert pace.rate(0.0) == 10.0
    share.among(["a", "b"], "a")
    assert pace.rate(0.0) == 5.0
    places = [pace.take(0.0) for _ in range(3)]
    assert places[2] - places[1] == pytest.approx(0.2)


def test_a_rest_is_news_once_and_again_when_it_grows() -> None:
    heard, rest = HeardRests(), ProviderRest(provider="orange", pause=60.0)
    assert heard.news("a", [rest], 0.0) == [rest]
    assert heard.news("a", [rest.after(5.0)], 5.1) == []
    assert heard.news("b", [rest.after(5.0)], 5.1) == [rest.after(5.0)]
    longer = ProviderRest(provider="orange", pause=60.0, breaker=90.0)
    assert heard.news("a", [longer], 6.0) == [longer]


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 200))
def test_a_rest_that_is_over_is_no_news(pause: float, breaker: float, age: float) -> None:
    rest = ProviderRest.of("orange", pause, breaker).after(age)
    assert min(rest.pause, rest.breaker) >= 0
    assert bool(HeardRests().news("a", [rest], 0.0)) == (rest.left > 0)
