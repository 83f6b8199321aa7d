"""A cycle while it runs: what its workflow says and what the ledger holds, with a rate (SPEC C12)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from relance.contracts.control import ControlChange
from relance.contracts.cycle import CycleProgress
from relance.ports import Controls
from relance.services.cycle_snapshot import CycleData, LedgerCounts, Snapshot, brought_up

WINDOW_S = 10.0
"""Over so many seconds a rate is measured."""


class WatchedData(CycleData, Protocol):
    """The repositories that know how far a cycle is and who has stopped it."""

    @property
    def controls(self) -> Controls:
        """The controls of the cycles."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Mails per second, and how long the rest takes at that rate; None while nothing is being sent."""

    rate: float = 0.0
    left: timedelta | None = None


@dataclass
class CycleWatcher:
    """Watches the cycle of one period; `ask` returns what its workflows say, None when nobody answers."""

    data: WatchedData
    period: str
    ask: Callable[[str], Awaitable[CycleProgress | None]]
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._counts = LedgerCounts(self.data, self.period)

    async def look(self, patience: float | None) -> tuple[Snapshot, Pace] | None:
        """Return the cycle now; with patience a count of a large ledger may be the one before, None if there is none.

        Raises:
            DependencyUnavailable: MongoDB.
        """
        progress, ledger, control = await asyncio.gather(
            self.ask(self.period), self._counts.newest(patience), self.data.controls.get(self.period)
        )
        if ledger is None:
            return None
        ledger = brought_up(ledger, progress)
        now = Snapshot(progress=progress, ledger=ledger, control=ControlChange.of(control), total=0)
        total = max(self._counts.total, now.settled + ledger.open)
        now = Snapshot(progress=progress, ledger=ledger, control=now.control, total=total)
        return now, self._pace(now)

    def _pace(self, now: Snapshot) -> Pace:
        at = time.monotonic()
        if not now.sends:
            # What follows is measured anew.
            self._seen.clear()
            return Pace()
        self._seen.append((at, now.settled))
        while at - self._seen[0][0] > WINDOW_S and len(self._seen) > 2:
            self._seen.popleft()
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        rate = (after - before) / (last - first) if last > first else 0.0
        left = now.total - now.settled
        return Pace(rate, timedelta(seconds=round(left / rate)) if rate > 0 and left > 0 else None)
