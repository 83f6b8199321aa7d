"""A cycle while it runs: what its workflow says and what the ledger holds, with a rate (SPEC C12)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
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
    _control: ControlChange = field(default_factory=ControlChange)

    def __post_init__(self) -> None:
        self._counts = LedgerCounts(self.data, self.period)

    @property
    def overdue(self) -> float | None:
        """For how many seconds nobody has answered a count of the ledger; None while an answer can be expected."""
        return self._counts.overdue

    async def look(self, patience: float | None) -> tuple[Snapshot, Pace] | None:
        """Return the cycle now; with patience what MongoDB says may be what it said before, None if it has not yet.

        Raises:
            DependencyUnavailable: MongoDB.
            RPCError: Temporal.
        """
        try:
            progress, ledger, control = await asyncio.gather(
                self.ask(self.period), self._counts.newest(patience), self._told(patience)
            )
        except Exception:
            self._seen.clear()
            raise
        if ledger is None:
            return None
        ledger = brought_up(ledger, progress)
        now = Snapshot(progress=progress, ledger=ledger, control=control, total=0)
        now = replace(now, total=max(self._counts.total, now.settled + ledger.open))
        return now, self._pace(now)

    async def _told(self, patience: float | None) -> ControlChange:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                self._control = ControlChange.of(await self.data.controls.get(self.period))
        return self._control

    def _pace(self, now: Snapshot) -> Pace:
        at = time.monotonic()
        if not now.sends or self.overdue is not None:
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
