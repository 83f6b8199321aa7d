"""The cycles that pages look at: one watcher per period and process, so that no ledger is counted twice at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from temporalio.client import Client

from relance.adapters.mongo.connection import Database
from relance.contracts.cycle import CycleProgress, WaveResult
from relance.services.cycle_snapshot import PROMPT_S, Snapshot
from relance.services.cycle_watching import CycleWatcher, Pace
from relance.temporal.cycles import TemporalCycles
from relance.temporal.progress import live_progress
from relance.temporal.queries import unless_silent

MOST = 12
LOOKED_AT = 3
"""So many newest periods may have a cycle that runs: this month's, the next one, one that was resumed."""


@dataclass(frozen=True, slots=True)
class CycleWatchers:
    """Watches cycles by period; `waves` are the results by run of those that are over."""

    data: Database
    client: Client
    waves: dict[str, WaveResult | None] = field(default_factory=dict)
    _watchers: dict[str, CycleWatcher] = field(default_factory=dict)

    async def look(self, period: str, patience: float = PROMPT_S) -> tuple[Snapshot, Pace] | None:
        """Return a cycle now; None while the ledger is being counted for the first time."""
        if period not in self._watchers:
            if len(self._watchers) >= MOST:
                del self._watchers[next(iter(self._watchers))]
            self._watchers[period] = CycleWatcher(self.data, period, self.progress)
        return await self._watchers[period].look(patience)

    async def current(self) -> tuple[str | None, bool]:
        """Return the period to look at first, and whether its cycle runs: one that is sending before one that waits."""
        periods = (await self.data.plans.periods())[:LOOKED_AT]
        cycles = TemporalCycles(self.client)
        running = [period for period in periods if await cycles.runs(period)]
        for period in running:
            progress = await self.progress(period)
            if progress is not None and progress.current_waves:
                return period, True
        if running:
            return running[-1], True
        return (periods[0] if periods else None), False

    async def progress(self, period: str) -> CycleProgress | None:
        """Return what a cycle's workflows say; None when it does not run or nobody answers."""
        return await unless_silent(live_progress(self.client, period))
