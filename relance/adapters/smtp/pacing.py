"""Rate limits: the generic cell rate algorithm, one cell per mail, for the relay and for each recipient domain."""

from __future__ import annotations

import asyncio

# How much of a delay may be made up for: without it every late wake-up would lower the rate for good.
SLACK_SECONDS = 0.1
MOST_DOMAINS = 10_000


class Pacer:
    """Spaces mails evenly, first come, first served: at most `rate * (seconds + SLACK_SECONDS) + 1` in any span."""

    def __init__(self, rate: float | None, rate_per_domain: float | None) -> None:
        self._relay = Bucket(rate) if rate else None
        self._rate_per_domain = rate_per_domain
        self._domains: dict[str, Bucket] = {}

    @property
    def limited(self) -> bool:
        """Whether any limit is set."""
        return self._relay is not None or self._rate_per_domain is not None

    async def turn(self, domain: str) -> None:
        """Wait until a mail to this domain may go; costs nothing when no limit is set."""
        if self._rate_per_domain:
            await self._domain(domain, self._rate_per_domain).turn()
        if self._relay is not None:
            await self._relay.turn()

    def _domain(self, domain: str, rate: float) -> Bucket:
        bucket = self._domains.get(domain)
        if bucket is not None:
            return bucket
        if len(self._domains) >= MOST_DOMAINS:
            now = asyncio.get_running_loop().time()
            self._domains = {name: busy for name, busy in self._domains.items() if busy.next_free > now - SLACK_SECONDS}
        # With so many busy domains the newcomers share one bucket: slower than need be, never faster.
        name = domain if len(self._domains) < MOST_DOMAINS else ""
        return self._domains.setdefault(name, Bucket(rate))


class Bucket:
    """One limit; `next_free` is the loop time from which the next mail may go."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self.next_free = float("-inf")

    async def turn(self) -> None:
        """Wait for the next free place in line; the last in line gives it back when cancelled."""
        now = asyncio.get_running_loop().time()
        mine = max(now - SLACK_SECONDS, self.next_free)
        self.next_free = mine + self._interval
        if mine <= now:
            return
        try:
            await asyncio.sleep(mine - now)
        except asyncio.CancelledError:
            if self.next_free == mine + self._interval:
                self.next_free = mine
            raise
