"""What the processes that send share: the limits of the relay and of the providers, and the rests of a provider.

Of a limit each takes its part (SPEC C8). A provider that asks one process to wait means the relay's address, and so all
processes: each reads it in the reports of the others (SPEC X3). Seconds left travel, no instants, so that clocks that
differ shorten or lengthen no rest by more than their difference.
"""

from __future__ import annotations

from collections.abc import Collection

from relance.domain.base import Document

SAME = 2.0
"""Seconds by which the end of a rest may move from report to report and still be the same rest."""


class ProviderRest(Document):
    """For how many seconds more a provider gets no mail: by its own words, and by its breaker.

    `provider` is a name of the table of `domain.providers`, or a domain: not to be shown.
    """

    provider: str
    pause: float = 0.0
    breaker: float = 0.0

    @classmethod
    def of(cls, provider: str, pause: float, breaker: float) -> ProviderRest:
        """Return a rest, to the millisecond."""
        return cls(provider=provider, pause=round(pause, 3), breaker=round(breaker, 3))

    @property
    def left(self) -> float:
        """The longer of the two."""
        return max(self.pause, self.breaker)

    def after(self, seconds: float) -> ProviderRest:
        """Return what is left of it so much later."""
        return ProviderRest.of(self.provider, max(self.pause - seconds, 0.0), max(self.breaker - seconds, 0.0))


class HeardRests:
    """The rests reported by other processes; each is applied once, not again with each report."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def news(self, worker: str, rests: Collection[ProviderRest], now: float) -> list[ProviderRest]:
        """Return those of a process's rests that are not over, and new or longer than what it said before."""
        found = []
        for rest in rests:
            key, until = (worker, rest.provider), now + rest.left
            if rest.left > 0 and until > self._until.get(key, float("-inf")) + SAME:
                found.append(rest)
                self._until[key] = until
        self._until = {key: until for key, until in self._until.items() if until > now}
        return found


class LimitShare:
    """The share of this process among those that send now; all of it until reports of others arrive."""

    def __init__(self) -> None:
        self.of = 1
        self._place = 0

    def among(self, processes: Collection[str], mine: str) -> None:
        """Take the part of one of these processes, to which `mine` belongs whether it is named or not."""
        names = sorted({*processes, mine})
        self.of, self._place = len(names), names.index(mine)

    def whole(self, limit: int) -> int:
        """Return the part of a limit of connections: all parts make up the limit, but each is one at least."""
        return max(limit // self.of + (self._place < limit % self.of), 1)

    def rate(self, limit: float) -> float:
        """Return the part of a rate."""
        return limit / self.of
