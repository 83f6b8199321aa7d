"""How fast one provider is sent mails: evenly, slower when it says "too fast", and faster again with time (SPEC X3).

The generic cell rate algorithm, one cell per mail, whose rate falls by half and rises in a straight line. Pure: the
caller says what time it is, in seconds of a clock that never goes back.
"""

from __future__ import annotations

from dataclasses import dataclass

from relance.domain.failures import Failure, FailureClass, Severity, Strategy
from relance.domain.mail.sharing import LimitShare

PUT_OFF = Failure("put-off", FailureClass.THROTTLED, Severity.LOW, Strategy.RETRY_AT, retryable=True)
"""Not tried yet, because the provider asked for a rest or does not keep up."""

SLACK = 0.1
"""Seconds of a delay that may be made up for: without it every late wake-up would lower the rate for good."""
MEASURED_FOR = 10.0
"""Seconds after which what a provider was sent a second says nothing about now."""
UNMEASURED = 1.0
"""Mails per second taken as the rate of a provider that said "too fast" at the very first mails."""


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """How the rate of a provider falls after "too fast", and rises again.

    `pause`: seconds without mails after "too fast" where the reply names none; `recovery`: seconds until the rate is
    what it was; `slowest`: mails per second below which it does not fall; `spread`: seconds, at least, for which a
    mail is put off.
    """

    pause: float = 10.0
    recovery: float = 600.0
    slowest: float = 0.1
    spread: float = 60.0


class RateLimiter:
    """The pace of one provider; `rate` is the limit that always holds, in mails per second, None is none.

    The limit is that of all processes together, of which this one has its `share`.
    """

    def __init__(self, rate: float | None, policy: RatePolicy, share: LimitShare | None = None) -> None:
        self._whole = rate
        self._share = share or LimitShare()
        self._policy = policy
        # From when on a mail may go; the last mail put off comes back then.
        self._free_at = self._paused_until = self._last_return = float("-inf")
        self._slowed_at = self._asked_until = float("-inf")
        self._slowed_to = self._normal = 0.0
        self._second = float("-inf")
        self._begun = 0
        self._measured = 0.0
        self._interval = 0.0

    @property
    def is_limited(self) -> bool:
        """Whether a mail may have to wait."""
        return self._whole is not None or self._normal > 0

    @property
    def _limit(self) -> float | None:
        return None if self._whole is None else self._share.rate(self._whole)

    def rate(self, now: float) -> float | None:
        """Return the most mails per second just now; None is without limit."""
        if not self._normal:
            return self._limit
        rested = max(now - max(self._slowed_at, self._paused_until), 0.0)
        risen = self._slowed_to + self._normal * rested / self._policy.recovery
        if risen < self._normal:
            return risen
        self._normal = 0.0
        return self._limit

    def wait(self, now: float) -> float:
        """Return for how many seconds the next mail would have to wait."""
        return max(0.0, max(self._free_at, self._paused_until) - now) if self.is_limited else 0.0

    def take(self, now: float) -> float:
        """Take the next place in line; return when it comes."""
        self._measure(now)
        rate = self.rate(now) if self.is_limited else None
        if rate is None:
            return now
        mine = max(now - SLACK, self._free_at, self._paused_until)
        self._interval = 1 / rate
        self._free_at = mine + self._interval
        return mine

    def release(self, place: float) -> None:
        """Give back a place that is not used, if it is the last in line."""
        if self._free_at == place + self._interval:
            self._free_at = place

    def slow_down(self, begun: float, now: float, pause: float | None) -> bool:
        """Go slower after a mail begun at `begun` was answered "too fast"; return whether that changed anything.

        The mails under way at that moment will all be answered so, and count as one.
        """
        self._asked_until = max(self._asked_until, now + (self._policy.pause if pause is None else pause))
        self._paused_until = max(self._paused_until, self._asked_until)
        if begun <= self._slowed_at:
            return False
        self._halve(now)
        return True

    def pause_left(self, now: float) -> float:
        """Return for how many seconds more the provider has asked this process for a pause."""
        return max(self._asked_until - now, 0.0)

    def leave_alone(self, seconds: float, now: float) -> None:
        """Pause for so long because the provider has asked another process to; go slower, unless it rests already."""
        if self._paused_until <= now:
            self._halve(now)
        self._paused_until = max(self._paused_until, now + seconds)

    def _halve(self, now: float) -> None:
        measured = self._seen(now)
        limit = self.rate(now)
        used = measured if limit is None else min(limit, measured)
        self._normal = self._normal or max(limit or used, 2 * self._policy.slowest)
        self._slowed_to = max(used / 2, self._policy.slowest)
        self._slowed_at = now

    def put_off(self, wait: float, now: float) -> float:
        """Return in how many seconds a mail is to come back that would have to wait so long.

        Mails come back one after the other, no faster than they could be sent now, but all of them by the time the
        provider has recovered.
        """
        rate = self.rate(now)
        earliest = now + max(wait, self._policy.spread)
        behind = self._last_return + (1 / rate if rate else 0.0)
        self._last_return = min(max(earliest, behind), earliest + self._policy.recovery)
        return self._last_return - now

    def is_idle(self, now: float) -> bool:
        """Return whether it could be forgotten and made anew without anybody noticing."""
        return not self._normal and now - SLACK >= max(self._free_at, self._paused_until, self._last_return)

    def _measure(self, now: float) -> None:
        if now - self._second >= 1.0:
            self._measured = self._begun / (now - self._second)
            self._second, self._begun = now, 0
        self._begun += 1

    def _seen(self, now: float) -> float:
        before = self._measured if now - self._second < MEASURED_FOR else 0.0
        return max(before, self._begun / max(now - self._second, 1.0)) or UNMEASURED
