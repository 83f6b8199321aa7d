from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.error_gate import ErrorGate, GatePolicy, Trip, is_own_fault
from relance.domain.failures import Failure, classify_smtp

OWN = classify_smtp(535, "5.7.8 authentication failed", "auth")
HARD = classify_smtp(550, "5.1.1 user unknown", "rcpt")

policies = st.builds(
    GatePolicy,
    canary=st.integers(0, 12),
    size=st.integers(0, 15),
    share=st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("0.2"), Decimal("0.5")]),
)


def closed_after(policy: GatePolicy, results: list[bool]) -> int | None:
    """Return after how many results the gate must be closed, by looking at every window anew."""
    for count in range(1, len(results) + 1):
        window = results[:count][-policy.size :] if policy.size else []
        if len(window) >= max(policy.least, 1) and sum(window) > policy.share * len(window):
            return count
    return None


@given(policies, st.lists(st.booleans(), max_size=60))
def test_the_gate_closes_exactly_when_the_share_of_the_last_results_is_too_large(
    policy: GatePolicy, results: list[bool]
) -> None:
    gate = ErrorGate(policy)
    for count, failed in enumerate(results, 1):
        (gate.failed if failed else gate.succeeded)()
        expected = closed_after(policy, results)
        assert (gate.trip is not None) == (expected is not None and expected <= count)


@given(policies, st.lists(st.sampled_from(["claim", "sent", "put off", "give back"]), max_size=80))
def test_no_more_mails_are_under_way_than_the_canary_has_until_its_results_are_known(
    policy: GatePolicy, wishes: list[str]
) -> None:
    gate = ErrorGate(policy)
    claimed = known = under_way = 0
    for wish in wishes:
        if wish == "claim" and gate.admit():
            claimed, under_way = claimed + 1, under_way + 1
        elif wish != "claim" and under_way:
            under_way -= 1
            if wish == "give back":
                gate.give_back()
                claimed -= 1
            else:
                (gate.succeeded if wish == "sent" else gate.undecided)()
                known += 1
        if policy.size and known < policy.canary:
            assert claimed <= policy.canary


def test_a_healthy_canary_lets_everything_through() -> None:
    gate = ErrorGate(GatePolicy())
    assert [gate.admit() for _ in range(201)] == [*[True] * 200, False]
    for _ in range(199):
        gate.succeeded()
    assert not gate.admit()
    gate.succeeded()
    assert all(gate.admit() for _ in range(1000))


def test_one_bounce_in_a_small_cycle_stops_nothing_and_three_in_a_canary_do() -> None:
    gate = ErrorGate(GatePolicy())
    for _ in range(3):
        gate.failed()
    for _ in range(196):
        gate.succeeded()
    assert gate.trip is None
    gate.succeeded()
    assert gate.trip == Trip(failed=3, results=200)
    assert gate.trip is not None
    assert gate.trip.words == "3 of the last 200 mails failed for good (1.5%)"
    assert not gate.admit()


def test_one_per_cent_is_not_more_than_one_per_cent() -> None:
    gate = ErrorGate(GatePolicy())
    for number in range(2000):
        (gate.failed if number % 100 == 99 else gate.succeeded)()
    assert gate.trip is None


def test_errors_that_begin_late_close_a_gate_that_was_open_for_long() -> None:
    gate = ErrorGate(GatePolicy())
    for _ in range(50_000):
        gate.succeeded()
    for _ in range(6):
        gate.failed()
    assert gate.trip == Trip(failed=6, results=500)


@pytest.mark.parametrize(
    ("failure", "own"),
    [
        (OWN, True),
        (classify_smtp(550, "5.7.26 unauthenticated", "mail"), True),
        # One recipient's server may be speaking (SPEC C10).
        (classify_smtp(550, "5.7.26 unauthenticated", "data"), False),
        (classify_smtp(554, "5.7.1 client host blocked using zen.spamhaus.org", "connect"), True),
        (HARD, False),
        (classify_smtp(550, "rejected", "rcpt"), False),
        (classify_smtp(421, "4.7.28 unusual rate", "data"), False),
    ],
)
def test_what_is_certainly_our_own_configuration_closes_at_once(failure: Failure, own: bool) -> None:
    gate = ErrorGate(GatePolicy())
    gate.refused_us(failure)
    assert (gate.trip is not None) == is_own_fault(failure) == own


def test_a_gate_of_size_zero_never_closes() -> None:
    gate = ErrorGate(GatePolicy(size=0))
    gate.refused_us(OWN)
    for _ in range(1000):
        assert gate.admit()
        gate.failed()
    assert gate.trip is None
