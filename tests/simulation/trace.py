"""What happened, in order: a hash over all of it, and the newest events in words."""

from __future__ import annotations

from collections import Counter, deque
from datetime import timedelta
from hashlib import sha256

from tests.simulation.virtual_loop import VirtualLoop

KEPT = 40


class Trace:
    """Numbers the events of a run; `step` is the number of the newest one."""

    def __init__(self, loop: VirtualLoop, kept: int | None = KEPT) -> None:
        self._loop = loop
        self._hash = sha256()
        self._last: deque[tuple[int, float, str, str]] = deque(maxlen=kept)
        self.step = 0
        self.counts: Counter[str] = Counter()
        self.by: Counter[str] = Counter()

    def event(self, who: str, what: str) -> int:
        """Note an event and return its number."""
        self.step += 1
        at = self._loop.elapsed
        self._hash.update(f"{at!r} {who} {what}\n".encode())
        self._last.append((self.step, at, who, what))
        return self.step

    def fault(self, who: str, kind: str, where: str = "") -> None:
        """Note a fault, and count it by kind."""
        self.counts[kind] += 1
        self.by[who] += 1
        self.event(who, f"FAULT {kind} {where}".rstrip())

    @property
    def last(self) -> list[str]:
        """The newest events, a line each."""
        return [
            f"{step:>6} {self._loop.start + timedelta(seconds=at):%Y-%m-%d %H:%M:%S.%f} {who:<10} {what}"
            for step, at, who, what in self._last
        ]

    @property
    def digest(self) -> str:
        """What two runs of the same seed have in common."""
        return self._hash.hexdigest()[:16]
