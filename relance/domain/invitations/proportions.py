"""Rates and how sure one can be of them: score intervals, which hold for small counts and rates near 0 too."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, sqrt

Z_95 = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """A count out of a total."""

    hits: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.of:
            raise ValueError(f"{self.hits} of {self.of} is no share")

    @property
    def rate(self) -> float | None:
        """The rate; None of nobody."""
        return self.hits / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def wilson(share: Proportion) -> Interval | None:
    """Return the score interval of a rate, None of nobody (Wilson 1927; Newcombe 1998, Stat. Med. 17:857, method 3)."""
    if not share.of:
        return None
    rate, squared = share.hits / share.of, Z_95**2
    middle = rate + squared / (2 * share.of)
    half = Z_95 * sqrt(rate * (1 - rate) / share.of + squared / (4 * share.of**2))
    whole = 1 + squared / share.of
    # Exactly 0 and 1 at the ends, where rounding would leave a trace of a bound.
    low = 0.0 if share.hits == 0 else (middle - half) / whole
    high = 1.0 if share.hits == share.of else (middle + half) / whole
    return Interval(low, high)


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much one rate is above another, with its interval."""

    value: float
    interval: Interval

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves no doubt that there is a difference."""
        return 0.0 not in self.interval


def difference(first: Proportion, second: Proportion) -> Difference | None:
    """Return `first - second`, None while one of them is of nobody.

    The hybrid score interval for independent rates (Newcombe 1998, Stat. Med. 17:873, method 10): no simulation is
    needed for it, so the same counts always give the same answer, and it never leaves [-1, 1].
    """
    of_first, other = wilson(first), wilson(second)
    if of_first is None or other is None:
        return None
    a, b = first.hits / first.of, second.hits / second.of
    low = (a - b) - hypot(a - of_first.low, other.high - b)
    high = (a - b) + hypot(of_first.high - a, b - other.low)
    return Difference(a - b, Interval(low, high))
