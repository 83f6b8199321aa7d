"""The circuit breaker: when calls to a failing dependency stop, and how they start again (SPEC X3).

A pure state machine: the caller says what time it is, in seconds of any clock. Every permit is handed back exactly
once, as success, failure or unused; one that was given before the state last changed counts for nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from zlib import crc32

PARTS = 10
"""The window is counted in so many parts: a failure counts for nine tenths of the window at least, never longer."""
PROBING = 1.0
"""Seconds after which to ask again while others are trying whether the dependency is back."""
JITTER = 0.2


class BreakerState(IntEnum):
    """As the metric shows it."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


@dataclass(frozen=True, slots=True)
class Policy:
    """When a breaker opens, and for how long; times in seconds.

    It opens with `failures` within `window` that are at least `share` of the calls; then for `open_for`, doubled each
    time it has to open again, up to `longest`. Then `probes` calls at once may try, and as many successes close it.
    """

    failures: int = 5
    window: float = 60.0
    share: float = 0.5
    open_for: float = 10.0
    longest: float = 300.0
    probes: int = 1


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to make one call, of the time since the state last changed."""

    age: int


class Circuit:
    """The state of one dependency; `name` spreads when breakers try again, always in the same way."""

    def __init__(self, name: str, policy: Policy) -> None:
        self._name = name
        self._policy = policy
        self.state = BreakerState.CLOSED
        self._permit = Permit(0)
        self._now = float("-inf")
        self._until = self._closed_at = float("-inf")
        # Until when by its own failures; `_until` also knows of those of other processes.
        self._failed_until = float("-inf")
        self._openings = 0
        self._probing = self._proven = 0
        # Part of the window, calls, failures.
        self._parts: deque[list[int]] = deque()

    def ask(self, now: float) -> Permit | float:
        """Return a permit, or for how many seconds there is none."""
        if self.state is BreakerState.CLOSED:
            return self._permit
        now = self._time(now)
        if self.state is BreakerState.OPEN:
            if now < self._until:
                return self._until - now
            self._become(BreakerState.HALF_OPEN)
            self._probing = self._proven = 0
        if self._probing >= self._policy.probes:
            return PROBING
        self._probing += 1
        return self._permit

    def succeeded(self, permit: Permit, now: float) -> None:
        """Hand a permit back: the dependency did what it is there for."""
        if permit != self._permit:
            return
        now = self._time(now)
        if self.state is BreakerState.CLOSED:
            self._count(now, failed=False)
            return
        self._probing -= 1
        self._proven += 1
        if self._proven >= self._policy.probes:
            self._become(BreakerState.CLOSED)
            self._closed_at = now

    def failed(self, permit: Permit, now: float) -> None:
        """Hand a permit back: it did not."""
        if permit != self._permit:
            return
        now = self._time(now)
        if self.state is BreakerState.HALF_OPEN:
            self._open(now)
            return
        self._count(now, failed=True)
        calls = sum(part[1] for part in self._parts)
        failures = sum(part[2] for part in self._parts)
        if failures >= self._policy.failures and failures >= self._policy.share * calls:
            if now - self._closed_at > self._policy.window:
                self._openings = 0
            self._open(now)

    def unused(self, permit: Permit) -> None:
        """Hand a permit back: the call was not made, or says nothing about the dependency."""
        if permit == self._permit and self.state is BreakerState.HALF_OPEN:
            self._probing -= 1

    def rest(self, now: float) -> float:
        """Return for how many seconds it stays open because of what was seen here; 0 if it is not open."""
        return max(self._failed_until - now, 0.0) if self.state is BreakerState.OPEN else 0.0

    def leave_alone(self, seconds: float, now: float) -> None:
        """Be open for so long because another process has seen failures; then it is tried again as after its own.

        While this one is trying whether the dependency is back, its own tries decide.
        """
        now = self._time(now)
        if self.state is BreakerState.CLOSED:
            self._become(BreakerState.OPEN)
        if self.state is BreakerState.OPEN:
            self._until = max(self._until, now + min(seconds, self._policy.longest))

    def _open(self, now: float) -> None:
        self._become(BreakerState.OPEN)
        spread = 1 + JITTER * (2 * crc32(f"{self._name}/{self._openings}".encode()) / 0xFFFFFFFF - 1)
        # Doubling without a limit would end in an overflow.
        doubled = self._policy.open_for * 2 ** min(self._openings, 32)
        self._until = self._failed_until = now + min(doubled * spread, self._policy.longest)
        self._openings += 1

    def _become(self, state: BreakerState) -> None:
        self.state = state
        self._permit = Permit(self._permit.age + 1)
        self._parts.clear()

    def _count(self, now: float, *, failed: bool) -> None:
        part = int(now // (self._policy.window / PARTS))
        parts = self._parts
        if not parts or parts[-1][0] != part:
            while parts and parts[0][0] <= part - PARTS:
                parts.popleft()
            parts.append([part, 0, 0])
        parts[-1][1] += 1
        parts[-1][2] += failed

    def _time(self, now: float) -> float:
        # A clock that is set back must neither keep a breaker open for hours nor bring failures back.
        self._now = max(self._now, now)
        return self._now
