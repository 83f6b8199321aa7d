from __future__ import annotations

import asyncio
import logging

import pytest

from relance.adapters.breaker import Breaker, Breakers, BreakerVerdict
from relance.domain.mail.breaker import BreakerState
from relance.settings.pacing import Breaking


class Watch:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class LeftAloneError(Exception):
    """What a caller gets while the breaker is open."""


def _run(breaker: Breaker, error: BaseException | None = None) -> None:
    def verdict(raised: Exception) -> BreakerVerdict:
        return BreakerVerdict.FAILURE if isinstance(raised, OSError) else BreakerVerdict.SUCCESS

    with breaker.call(verdict, lambda detail, _: LeftAloneError(detail)):
        if error is not None:
            raise error


def _fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        with pytest.raises(OSError, match="down"):
            _run(breaker, OSError("down"))


def test_failures_open_it_and_time_lets_one_call_try_again(caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch()
    breakers = Breakers(Breaking(failures=2), watch)
    breaker = breakers.busy("relay")
    assert breakers.states() == {"relay": BreakerState.CLOSED}
    with caplog.at_level(logging.INFO):
        _fail(breaker, 2)
        assert breakers.states() == {"relay": BreakerState.OPEN}
        with pytest.raises(LeftAloneError, match="left alone"):
            _run(breaker)
        watch.now = 13.0
        _run(breaker)
    assert breakers.states() == {"relay": BreakerState.CLOSED}
    assert [record.getMessage() for record in caplog.records] == [
        "breaker relay: open",
        "breaker relay: half-open",
        "breaker relay: closed",
    ]


def test_an_answer_that_is_no_failure_counts_as_success_and_a_cancelled_call_as_nothing() -> None:
    watch = Watch()
    breaker = Breakers(Breaking(failures=1), watch).busy("relay")
    with pytest.raises(ValueError, match="wrong"):
        _run(breaker, ValueError("wrong"))
    assert breaker.state is BreakerState.CLOSED
    _fail(breaker, 1)
    watch.now = 13.0
    with pytest.raises(asyncio.CancelledError):
        _run(breaker, asyncio.CancelledError())
    assert breaker.state.name == "HALF_OPEN"
    _run(breaker)
    assert breaker.state.name == "CLOSED"


def test_of_breakers_with_one_label_the_worst_state_is_shown() -> None:
    breakers = Breakers(Breaking(failures=1), Watch())
    first, second = (breakers.busy(name, "provider other") for name in ("a.example", "b.example"))
    _fail(first, 1)
    _run(second)
    assert breakers.states() == {"provider other": BreakerState.OPEN}


def test_what_is_called_seldom_opens_after_fewer_failures_over_a_longer_time() -> None:
    watch = Watch()
    breaker = Breakers(Breaking(), watch).rare("everflow")
    for _ in range(3):
        assert breaker.state is BreakerState.CLOSED
        _fail(breaker, 1)
        watch.now += 400.0
    assert breaker.state is BreakerState.OPEN
