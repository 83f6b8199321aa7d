"""Token buckets in the memory of one process, which is bounded: the least recently used bucket is forgotten."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

BURST_S = 10
MOST_BUCKETS = 20_000
"""A bucket takes about 200 bytes with its key."""


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class RateLimit:
    """Lets `burst` calls of a key pass at once, and `per_second` from then on.

    A key that is forgotten begins anew with a full bucket: the limit is a protection, not an account.
    """

    def __init__(
        self,
        per_second: float,
        burst: int,
        *,
        most: int = MOST_BUCKETS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, key: str) -> int:
        """Take one call of a key; return 0, or the whole seconds until the next one will pass."""
        now = self._clock()
        bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
        bucket.level = min(self._burst, bucket.level + (now - bucket.at) * self._per_second)
        bucket.at = now
        passes = bucket.level >= 1
        if passes:
            bucket.level -= 1
        self._buckets[key] = bucket
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return 0 if passes else max(1, math.ceil((1 - bucket.level) / self._per_second))


class ClientRate:
    """Lets each client address make so many requests per second, and ten seconds' worth at once."""

    def __init__(self, per_second: float) -> None:
        self._limit = RateLimit(per_second, max(1, int(per_second * BURST_S)))

    def wait(self, request: Request) -> int:
        """Take one request of its client; return 0, or the whole seconds until the next one will pass."""
        return self._limit.wait(client_key(request.client.host if request.client else None))


@lru_cache(maxsize=4_096)
def client_key(host: str | None) -> str:
    """Return what a client is counted by: its address, of IPv6 the first 64 bits (RFC 6177)."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped is not None else f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
