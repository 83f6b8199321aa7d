"""Token buckets: how many pass, when the next one does, and how much memory they take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.gateway.limits.rates import RateLimit, client_key


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_the_rate() -> None:
    clock = Clock()
    limit = RateLimit(2, 5, clock=clock)
    assert [limit.wait("a") for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    clock.now += 0.5
    assert [limit.wait("a") for _ in range(2)] == [0, 1]
    clock.now += 1_000
    assert [limit.wait("a") for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_who_is_refused_is_told_when_he_passes() -> None:
    clock = Clock()
    limit = RateLimit(0.1, 1, clock=clock)
    assert limit.wait("a") == 0
    wait = limit.wait("a")
    assert wait == 10
    clock.now += wait
    assert limit.wait("a") == 0


def test_each_key_has_its_own() -> None:
    limit = RateLimit(1, 1, clock=Clock())
    assert [limit.wait(key) for key in "abab"] == [0, 0, 1, 1]


@given(st.lists(st.integers(0, 500), max_size=300), st.integers(1, 20))
def test_memory_is_bounded(keys: list[int], most: int) -> None:
    limit = RateLimit(1, 3, most=most, clock=Clock())
    for key in keys:
        limit.wait(str(key))
    assert len(limit) <= most


@given(st.lists(st.floats(0, 30), max_size=200), st.floats(0.1, 20), st.integers(1, 50))
def test_no_more_pass_than_burst_and_rate_allow(pauses: list[float], rate: float, burst: int) -> None:
    clock = Clock()
    limit = RateLimit(rate, burst, clock=clock)
    passed = 0
    for pause in pauses:
        clock.now += pause
        passed += limit.wait("a") == 0
    assert passed <= burst + rate * sum(pauses) + 1e-6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        (None, ""),
    ],
)
def test_one_client_is_counted_as_one(one: str | None, other: str | None) -> None:
    assert client_key(one) == client_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("192.0.2.1", "192.0.2.2"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("192.0.2.1", None)]
)
def test_two_clients_are_two(one: str | None, other: str | None) -> None:
    assert client_key(one) != client_key(other)
