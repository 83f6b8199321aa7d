from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from relance.domain.mail.breaker import JITTER, PARTS, PROBING, BreakerState, Circuit, Permit, Policy

POLICY = Policy(failures=3, window=10.0, share=0.5, open_for=4.0, longest=20.0, probes=2)


def _permit(circuit: Circuit, now: float) -> Permit:
    permit = circuit.ask(now)
    assert isinstance(permit, Permit)
    return permit


def _fail(circuit: Circuit, now: float, times: int = 1) -> None:
    for _ in range(times):
        circuit.failed(_permit(circuit, now), now)


def _opened(policy: Policy = POLICY, now: float = 0.0) -> Circuit:
    circuit = Circuit("relay", policy)
    _fail(circuit, now, policy.failures)
    assert _state(circuit) is BreakerState.OPEN
    return circuit


def _state(circuit: Circuit) -> BreakerState:
    # A call, so that mypy does not take it for what it was before.
    return circuit.state


def _open_for(circuit: Circuit, now: float) -> float:
    wait = circuit.ask(now)
    assert isinstance(wait, float)
    return wait


def test_it_opens_with_the_last_failure_of_the_threshold() -> None:
    circuit = Circuit("relay", POLICY)
    _fail(circuit, 0.0, 2)
    assert _state(circuit) is BreakerState.CLOSED
    _fail(circuit, 0.0)
    assert _state(circuit) is BreakerState.OPEN
    assert 4.0 * (1 - JITTER) <= _open_for(circuit, 0.0) <= 4.0 * (1 + JITTER)


def test_failures_older_than_the_window_do_not_count() -> None:
    circuit = Circuit("relay", POLICY)
    _fail(circuit, 0.0, 2)
    _fail(circuit, 10.1)
    assert _state(circuit) is BreakerState.CLOSED


def test_failures_that_are_the_smaller_part_do_not_open_it() -> None:
    circuit = Circuit("relay", POLICY)
    for _ in range(4):
        circuit.succeeded(_permit(circuit, 0.0), 0.0)
    _fail(circuit, 0.0, 3)
    assert _state(circuit) is BreakerState.CLOSED
    _fail(circuit, 0.0)
    assert _state(circuit) is BreakerState.OPEN


def test_after_its_time_some_may_try_and_the_rest_ask_again() -> None:
    circuit = _opened()
    later = _open_for(circuit, 0.0)
    assert isinstance(circuit.ask(later - 0.01), float)
    first, second = _permit(circuit, later), _permit(circuit, later)
    assert circuit.ask(later) == PROBING
    circuit.succeeded(first, later)
    assert _state(circuit) is BreakerState.HALF_OPEN
    circuit.succeeded(second, later)
    assert _state(circuit) is BreakerState.CLOSED


def test_a_try_that_fails_opens_it_for_twice_as_long_up_to_the_longest() -> None:
    circuit = _opened()
    now, waits = 0.0, []
    for _ in range(40):
        waits.append(_open_for(circuit, now))
        now += waits[-1]
        _fail(circuit, now)
    assert all(4.0 * 2**n * (1 - JITTER) <= wait <= 20.0 for n, wait in enumerate(waits[:2]))
    assert waits[10:] == [pytest.approx(20.0)] * 30


def test_one_that_held_for_a_window_begins_with_the_short_time_again() -> None:
    circuit = _opened(Policy(failures=1, window=10.0, open_for=4.0, longest=100.0))
    now = 0.0
    for _ in range(3):
        now += _open_for(circuit, now)
        _fail(circuit, now)
    now += _open_for(circuit, now)
    circuit.succeeded(_permit(circuit, now), now)
    _fail(circuit, now + 1)
    assert _open_for(circuit, now + 1) > 40
    now += 200
    circuit.succeeded(_permit(circuit, now), now)
    _fail(circuit, now + 11)
    assert _open_for(circuit, now + 11) < 5


def test_an_unused_try_is_free_for_somebody_else() -> None:
    circuit = _opened()
    later = _open_for(circuit, 0.0)
    first, _ = _permit(circuit, later), _permit(circuit, later)
    circuit.unused(first)
    _permit(circuit, later)
    assert circuit.ask(later) == PROBING


def test_results_from_before_it_opened_neither_close_nor_prolong_it() -> None:
    circuit = Circuit("relay", POLICY)
    early = [_permit(circuit, 0.0) for _ in range(3)]
    _fail(circuit, 0.0, 3)
    until = _open_for(circuit, 0.0)
    circuit.succeeded(early[0], 1.0)
    circuit.failed(early[1], 1.0)
    assert _state(circuit) is BreakerState.OPEN
    assert _open_for(circuit, 1.0) == pytest.approx(until - 1.0)
    probe = _permit(circuit, until)
    circuit.failed(early[2], until)
    assert _state(circuit) is BreakerState.HALF_OPEN
    circuit.succeeded(probe, until)


def test_breakers_of_different_names_try_again_at_different_times_and_one_name_always_at_the_same() -> None:
    policy = Policy(failures=1)

    def wait(name: str) -> float:
        circuit = Circuit(name, policy)
        _fail(circuit, 0.0)
        return _open_for(circuit, 0.0)

    waits = {name: wait(name) for name in map(str, range(50))}
    assert len(set(waits.values())) == 50
    assert waits == {name: wait(name) for name in waits}


ROUNDING = 1e-6
POLICIES = st.builds(
    Policy,
    failures=st.integers(1, 5),
    window=st.floats(0.5, 100),
    share=st.floats(0.1, 1),
    open_for=st.floats(0.1, 50),
    longest=st.floats(50, 200),
    probes=st.integers(1, 3),
)


@given(POLICIES, st.lists(st.tuples(st.floats(-5, 20), st.booleans()), max_size=60))
@example(Policy(failures=3, window=1.0, share=1.0), [(-1.0, True), (1e-17, True), (1.0, True)])
@example(Policy(failures=3, window=1.0, share=1.0), [(0.0, True), (1e-17, True), (1.0, True)])
def test_it_opens_only_when_threshold_and_share_are_reached_within_the_window(
    policy: Policy, calls: list[tuple[float, bool]]
) -> None:
    circuit = Circuit("relay", policy)
    now, latest = 0.0, float("-inf")
    seen: list[tuple[float, bool]] = []
    for step, failed in calls:
        now += step
        latest = max(latest, now)
        permit = _permit(circuit, now)
        seen.append((latest, failed))
        (circuit.failed if failed else circuit.succeeded)(permit, now)
        # In whole tenths of a float an edge may lie a rounding error away: 1.0 // 0.1 is 9.
        within = [bad for at, bad in seen if at > latest - policy.window - ROUNDING]
        certain = [bad for at, bad in seen if at > latest - policy.window * (PARTS - 1) / PARTS + ROUNDING]
        if _state(circuit) is BreakerState.OPEN:
            assert sum(within) >= policy.failures
            break
        # At least nine tenths of the window are always counted.
        assert not (failed and sum(certain) >= policy.failures and sum(certain) >= policy.share * len(within))


class Callers(RuleBasedStateMachine):
    """Any order of calls and results, at any times, also backwards."""

    permits: Bundle[Permit] = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.now = self.latest = 0.0
        self.circuit = Circuit("relay", POLICY)
        self.out: list[Permit] = []
        self.half_open_age = -1

    def _move(self, step: float) -> None:
        self.now += step
        self.latest = max(self.latest, self.now)

    @rule(target=permits, step=st.floats(-30, 30))
    def ask(self, step: float) -> Permit:
        self._move(step)
        before = self.circuit.state
        answer = self.circuit.ask(self.now)
        if isinstance(answer, Permit):
            assert before is not BreakerState.OPEN or self.circuit.state is BreakerState.HALF_OPEN
            self.out.append(answer)
            return answer
        # Whoever is refused is told a time after which it is worth asking.
        assert 0 < answer <= POLICY.longest
        assert self.circuit.state is not BreakerState.CLOSED
        return Permit(-1)

    @rule(permit=consumes(permits), step=st.floats(-30, 30), result=st.sampled_from(["succeeded", "failed", "unused"]))
    def settle(self, permit: Permit, step: float, result: str) -> None:
        self._move(step)
        if permit in self.out:
            self.out.remove(permit)
            before, fresh = self.circuit.state, permit.age == self.circuit._permit.age
            if result == "unused":
                self.circuit.unused(permit)
            else:
                getattr(self.circuit, result)(permit, self.now)
            if not fresh:
                assert self.circuit.state is before
            elif before is BreakerState.HALF_OPEN and result == "failed":
                assert self.circuit.state is BreakerState.OPEN

    @invariant()
    def never_more_tries_at_once_than_allowed(self) -> None:
        if self.circuit.state is BreakerState.HALF_OPEN:
            under_way = sum(permit.age == self.circuit._permit.age for permit in self.out)
            assert under_way <= POLICY.probes
            # No permit is lost: those not under way can be had.
            assert self.circuit._probing == under_way

    @invariant()
    def never_shut_for_longer_than_the_longest(self) -> None:
        if self.circuit.state is BreakerState.OPEN:
            assert self.circuit._until <= self.latest + POLICY.longest


TestCallers = Callers.TestCase


def test_what_another_process_has_seen_keeps_it_open_and_is_not_passed_on_as_its_own() -> None:
    circuit = Circuit("orange", POLICY)
    circuit.leave_alone(6.0, 0.0)
    assert (_state(circuit), circuit.rest(0.0)) == (BreakerState.OPEN, 0.0)
    assert _open_for(circuit, 1.0) == 5.0
    permit = _permit(circuit, 6.0)
    assert _state(circuit) is BreakerState.HALF_OPEN
    circuit.leave_alone(6.0, 6.5)
    # It is being tried: the answer decides.
    circuit.succeeded(permit, 7.0)
    circuit.succeeded(_permit(circuit, 7.0), 7.0)
    assert _state(circuit) is BreakerState.CLOSED


def test_its_own_failures_are_told_for_as_long_as_they_keep_it_open() -> None:
    circuit = _opened()
    own = circuit.rest(0.0)
    assert POLICY.open_for * (1 - JITTER) <= own <= POLICY.open_for * (1 + JITTER)
    circuit.leave_alone(100.0, 0.0)
    assert (circuit.rest(0.0), _open_for(circuit, 0.0)) == (own, POLICY.longest)
    assert circuit.rest(own) == 0.0
