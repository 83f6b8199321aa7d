from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.cycle.error_gate import (
    Asking,
    GatePolicy,
    GateReport,
    GateState,
    Trip,
    advanced,
    counts_as_failed,
    is_own_fault,
)
from relance.domain.failures import UNABLE, UNTRUSTED, Failure, classify_smtp

OWN = classify_smtp(535, "5.7.8 authentication failed", "auth")
HARD = classify_smtp(550, "5.1.1 user unknown", "rcpt")
HEALTHY = None
"""The result of a mail that was accepted; else the user whose mail failed."""

policies = st.builds(
    GatePolicy,
    canary=st.integers(0, 12),
    size=st.integers(1, 15),
    share=st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("0.2"), Decimal("0.5")]),
)
results = st.one_of(st.just(HEALTHY), st.sampled_from("abcdef"))


def closed_after(policy: GatePolicy, outcomes: list[str | None]) -> int | None:
    """Return after which result the gate must be closed, by looking at every window anew."""
    for count in range(1, len(outcomes) + 1):
        window = outcomes[:count][-policy.size :]
        users = {user for user in window if user is not HEALTHY}
        if len(window) >= max(policy.least, 1) and len(users) > 1 and len(users) > policy.share * len(window):
            return count
    return None


def told(outcomes: list[str | None]) -> GateReport:
    summed = GateReport()
    for user in outcomes:
        summed = summed.then(GateReport(1, 1, ((user, 1),) if user is not HEALTHY else ()))
    return summed


def after(outcomes: list[str | None], policy: GatePolicy | None = None, state: GateState | None = None) -> GateState:
    asking = Asking("p", beat=1)
    return advanced(state or GateState(id="s"), told(outcomes), asking, (), policy or GatePolicy())[0]


@given(policies, st.lists(st.lists(results, max_size=25), max_size=6))
def test_the_gate_closes_exactly_when_too_many_users_fail_however_the_results_are_told(
    policy: GatePolicy, tellings: list[list[str | None]]
) -> None:
    state = GateState(id="s")
    for count in range(1, len(tellings) + 1):
        state = after(tellings[count - 1], policy, state)
        expected = closed_after(policy, [one for telling in tellings[:count] for one in telling])
        assert (state.trip is not None) == (expected is not None)


@given(policies, st.integers(0, 400), st.data())
def test_one_address_book_never_closes_the_gate_alone(policy: GatePolicy, size: int, data: st.DataObject) -> None:
    outcomes = data.draw(st.lists(st.sampled_from([HEALTHY, "a"]), min_size=size, max_size=size))
    assert after(outcomes, policy).trip is None


Wish = tuple[str, str]


@given(policies, st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from(["ask", "sent", "put off"])), max_size=80))
def test_all_processes_together_send_no_more_than_the_canary_until_its_results_are_known(
    policy: GatePolicy, wishes: list[Wish]
) -> None:
    state = GateState(id="s")
    under_way: Counter[str] = Counter()
    claimed = known = 0
    for beat, (process, wish) in enumerate(wishes, 1):
        if wish == "ask":
            state, granted = advanced(state, GateReport(), Asking(process, beat, under_way[process], 3), (), policy)
            under_way[process] += granted
            claimed += granted
        elif under_way[process]:
            under_way[process] -= 1
            known += 1
            news = GateReport(1, int(wish == "sent"))
            state, _ = advanced(state, news, Asking(process, beat, under_way[process]), (), policy)
        if known < policy.canary:
            assert claimed <= policy.canary
        assert state.is_open(policy) == (known >= policy.canary)


def test_what_a_process_that_is_gone_was_granted_is_granted_again() -> None:
    state, granted = advanced(GateState(id="s"), GateReport(), Asking("p", 1, wants=500), (), GatePolicy())
    assert granted == 200
    state, granted = advanced(state, GateReport(), Asking("q", 1, wants=10), (), GatePolicy())
    assert granted == 0
    _, granted = advanced(state, GateReport(), Asking("q", 2, wants=10), {"p"}, GatePolicy())
    assert granted == 10


def test_one_bounce_in_a_small_cycle_stops_nothing_and_those_of_three_users_in_a_canary_do() -> None:
    state = after([*"abc", *[HEALTHY] * 196])
    assert state.trip is None
    trip = after([HEALTHY], state=state).trip
    assert trip == Trip(failed=3, results=200)
    assert trip is not None
    assert trip.words == "mails of 3 users failed for good among the last 200 (1.5%)"


def test_one_per_cent_is_not_more_than_one_per_cent() -> None:
    outcomes = [f"u{number}" if number % 100 == 99 else HEALTHY for number in range(2000)]
    assert after(outcomes).trip is None


def test_errors_that_begin_late_close_a_gate_that_was_open_for_long() -> None:
    assert after([*"abcdef"], state=after([HEALTHY] * 50_000)).trip == Trip(failed=6, results=500)


def test_a_user_who_fails_again_counts_from_the_newest_failure_on() -> None:
    policy = GatePolicy(canary=0, size=4, share=Decimal("0.4"))
    assert after(["a", HEALTHY, HEALTHY, "a", HEALTHY, "b"], policy).trip == Trip(failed=2, results=4)
    assert after(["a", HEALTHY, HEALTHY, HEALTHY, "b"], policy).trip is None


def test_the_record_stays_small() -> None:
    state = after([f"u{number}" for number in range(10_000)], GatePolicy(share=Decimal("0.99")))
    assert len(state.failing) == 500


@pytest.mark.parametrize(
    ("failure", "own"),
    [
        (OWN, True),
        (UNTRUSTED, True),
        (UNABLE, True),
        (classify_smtp(550, "5.7.26 unauthenticated", "mail"), True),
        # One recipient's server may be speaking (SPEC C10).
        (classify_smtp(550, "5.7.26 unauthenticated", "data"), False),
        (classify_smtp(554, "5.7.1 client host blocked using zen.spamhaus.org", "connect"), True),
        (HARD, False),
        (classify_smtp(550, "rejected", "rcpt"), False),
        (classify_smtp(421, "4.7.28 unusual rate", "data"), False),
    ],
)
def test_only_what_is_certainly_our_own_configuration_closes_at_once(failure: Failure, own: bool) -> None:
    assert is_own_fault(failure) == own


@pytest.mark.parametrize("reply", [(553, "5.6.7 SMTPUTF8 is not offered", "rcpt"), (555, "parameter unknown", "mail")])
def test_what_our_relay_cannot_write_to_does_not_count(reply: tuple[int, str, str]) -> None:
    assert not counts_as_failed(classify_smtp(*reply))
    assert counts_as_failed(HARD)


@pytest.mark.parametrize(
    ("reply", "counts"),
    [
        ((550, "5.1.1 user unknown", "rcpt"), False),
        ((452, "4.2.2 mailbox full", "rcpt"), False),
        ((421, "4.7.28 unusual rate", "rcpt"), False),
        ((451, "4.4.1 no answer from the host", "rcpt"), False),
        ((550, "5.7.1 refused by policy", "rcpt"), True),
        ((450, "4.7.1 client host is on a block list", "rcpt"), True),
        ((552, "5.3.4 message too big", "data"), True),
    ],
)
def test_of_a_mail_that_was_put_off_before_only_what_is_about_us_or_the_mail_counts(
    reply: tuple[int, str, str], counts: bool
) -> None:
    assert counts_as_failed(classify_smtp(*reply), again=True) == counts


def test_a_fault_of_our_own_says_what_to_do() -> None:
    words = Trip(failed=0, results=0, fault=UNTRUSTED.code, remedy=UNTRUSTED.remedy).words
    assert words.startswith("nothing can be sent with our own configuration (tls): check RELANCE_MAIL__TLS")
