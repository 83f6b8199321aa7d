from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.pacing import Manners, Pace
from relance.domain.sharing import Share

names = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=12, unique=True)


def shares(processes: list[str]) -> list[Share]:
    found = []
    for name in processes:
        share = Share()
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
    share = Share()
    share.among(["b", "c"], "a")
    assert (share.of, share.whole(5)) == (3, 2)


def test_a_pace_follows_its_share() -> None:
    share = Share()
    pace = Pace(10.0, Manners(), share)
    assert pace.rate(0.0) == 10.0
    share.among(["a", "b"], "a")
    assert pace.rate(0.0) == 5.0
    places = [pace.take(0.0) for _ in range(3)]
    assert places[2] - places[1] == pytest.approx(0.2)
