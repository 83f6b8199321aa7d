"""How the processes that send share the limits of the relay and of the providers: each takes its part (SPEC C8, X3)."""

from __future__ import annotations

from collections.abc import Collection


class Share:
    """The part of this process, of those that send just now; alone until it is told otherwise."""

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
