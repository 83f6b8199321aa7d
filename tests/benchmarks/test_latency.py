"""How old a look is, by the definition of `benchmarks.latency`."""

from __future__ import annotations

import pytest

from benchmarks.latency import Looks

ACCEPTED = [10.0, 11.0, 12.0, 13.0]


async def nothing() -> int:
    return 0


@pytest.mark.parametrize(
    ("at", "known", "lag"),
    [
        (12.5, 3, 0.0),
        (12.5, 2, 0.5),
        (12.5, 0, 2.5),
        (12.0, 2, 0.0),
        # A count from the future is no lag.
        (11.5, 4, 0.0),
    ],
)
def test_a_look_is_as_old_as_the_first_mail_it_does_not_know_of(at: float, known: int, lag: float) -> None:
    assert Looks(nothing, [(at, known)]).lags(ACCEPTED) == [lag]


def test_only_looks_while_mails_went_out_count() -> None:
    assert Looks(nothing, [(9.0, 0), (14.0, 0)]).lags(ACCEPTED) == []
