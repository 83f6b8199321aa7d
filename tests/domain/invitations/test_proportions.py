from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.invitations.proportions import Proportion, difference, wilson

shares = st.integers(1, 10_000).flatmap(lambda of: st.builds(Proportion, st.integers(0, of), st.just(of)))


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_of_a_rate_are_the_published_ones(hits: int, of: int, low: float, high: float) -> None:
    found = wilson(Proportion(hits, of))
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:873, table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
    ],
)
def test_intervals_of_a_difference_are_the_published_ones(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    found = difference(Proportion(*first), Proportion(*second))
    assert found is not None
    assert (round(found.interval.low, 4), round(found.interval.high, 4)) == (low, high)


@given(shares)
def test_a_rate_lies_in_its_interval_and_the_interval_between_none_and_all(share: Proportion) -> None:
    found = wilson(share)
    assert found is not None
    assert share.rate is not None
    assert share.rate in found
    assert 0 <= found.low <= found.high <= 1


@given(shares, shares)
def test_a_difference_turned_round_has_its_interval_turned_round(first: Proportion, second: Proportion) -> None:
    there, back = difference(first, second), difference(second, first)
    assert there is not None
    assert back is not None
    assert there.value == pytest.approx(-back.value)
    assert there.interval.low == pytest.approx(-back.interval.high)
    assert -1 <= there.interval.low <= there.value <= there.interval.high <= 1


def test_nobody_has_no_rate_and_no_interval() -> None:
    nobody = Proportion(0, 0)
    assert (
        nobody.rate,
        wilson(nobody),
        difference(nobody, Proportion(1, 2)),
        difference(Proportion(1, 2), nobody),
    ) == (None,) * 4


def test_more_hits_than_tries_are_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        Proportion(3, 2)
