"""What every call passes first: the log, the key, the rate limit, the calls at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict, Field

from relance.domain.base import Utc

NETWORK_KEY = "stub-network-key"
AFFILIATE_KEY = "stub-affiliate-key"
MOST_KEPT = 10_000


class CallLimits(BaseModel):
    """The limits of the API (reference: 30 calls/s over 30 s, 10 reports at once, 10,000 rows)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int = Field(900, ge=1)
    window_s: float = Field(30.0, gt=0)
    reports_at_once: int = Field(10, ge=1)
    rows: int = Field(10_000, ge=1)
    retry_after: bool = Field(default=False, description="Whether 429 names a time; the real API is not known to.")


class Call(BaseModel):
    """One call as it was answered; `asked` is the body's window and columns, `faults` the kinds that happened."""

    model_config = ConfigDict(frozen=True)

    n: int
    time: Utc
    method: str
    path: str
    status: int
    asked: str
    faults: tuple[str, ...]


class CallGate:
    """Counts; one per running network."""

    def __init__(self) -> None:
        self.limits = CallLimits()
        self.calls: deque[Call] = deque(maxlen=MOST_KEPT)
        self.most_at_once = 0
        self.answered = 0
        self._reports = 0
        self._window_began = float("-inf")
        self._used = 0

    def admit(self) -> int | None:
        """Count a call against the window; return how many remain, None if there was none left."""
        now = time.monotonic()
        if now - self._window_began >= self.limits.window_s:
            self._window_began, self._used = now, 0
        if self._used >= self.limits.calls:
            return None
        self._used += 1
        return self.limits.calls - self._used

    def seconds_left(self) -> int:
        """Return when the window ends, in whole seconds, 1 at least."""
        return max(1, round(self._window_began + self.limits.window_s - time.monotonic()))

    @contextmanager
    def report(self) -> Iterator[bool]:
        """Hold a place for a report; says whether there was one."""
        self._reports += 1
        self.most_at_once = max(self.most_at_once, self._reports)
        try:
            yield self._reports <= self.limits.reports_at_once
        finally:
            self._reports -= 1

    def forget(self) -> None:
        """Forget the calls and go back to the usual limits with a fresh window."""
        self.limits = CallLimits()
        self.calls.clear()
        self.most_at_once = 0
        self._window_began = float("-inf")
