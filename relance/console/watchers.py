"""The cycles that pages look at: one watcher per period and process, so that no ledger is counted twice at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from temporalio.client import Client

from relance.adapters.mongo.connection import Database
from relance.console.answers import REST_S, ServerAnswers
from relance.contracts.cycle import CycleProgress, WaveResult
from relance.domain.cycle.coverage import CycleFate, CycleState
from relance.errors import DependencyUnavailable
from relance.services.cycle_snapshot import PROMPT_S, Snapshot
from relance.services.cycle_watching import CycleWatcher, Pace
from relance.temporal.cycles import TemporalCycles
from relance.temporal.progress import live_progress
from relance.temporal.queries import unless_silent

MOST = 12
LOOKED_AT = 3
"""So many newest periods may have a cycle that runs: this month's, the next one, one that was resumed."""


@dataclass(slots=True)
class CycleWatchers:
    """Watches cycles by period; `waves` are the results by run of those that are over."""

    data: Database
    client: Client
    answers: ServerAnswers
    waves: dict[str, WaveResult | None] = field(default_factory=dict)
    _watchers: dict[str, CycleWatcher] = field(default_factory=dict)
    _shown: str | None = None

    async def look(self, period: str, patience: float = PROMPT_S) -> tuple[Snapshot, Pace] | None:
        """Return a cycle now, of the ledger alone while Temporal is silent; None before that was counted once.

        Raises:
            DependencyUnavailable: MongoDB.
        """
        if period not in self._watchers:
            if len(self._watchers) >= MOST:
                del self._watchers[next(iter(self._watchers))]
            self._watchers[period] = CycleWatcher(self.data, period, self._said)
        return await self._watchers[period].look(patience)

    async def current(self) -> tuple[str | None, bool | None]:
        """Return the period to look at first, and whether its cycle runs: one that is sending before one that waits.

        While Temporal does not answer it is the one of before, or the newest, and None for whether it runs.
        """
        periods = (await self.data.plans.periods())[:LOOKED_AT]
        try:
            found = await self._current(periods)
        except DependencyUnavailable:
            return (self._shown if self._shown in periods else next(iter(periods), None)), None
        self._shown = found[0]
        return found

    async def _current(self, periods: list[str]) -> tuple[str | None, bool]:
        fates = await asyncio.gather(*map(self.fate, periods))
        running = [period for period, fate in zip(periods, fates, strict=True) if fate.state is CycleState.RUNNING]
        for period in running:
            progress = await self.progress(period)
            if progress is not None and progress.current_waves:
                return period, True
        if running:
            return running[-1], True
        return (periods[0] if periods else None), False

    async def fate(self, period: str, rest: float = REST_S) -> CycleFate:
        """Return where a cycle stands, by an answer that is no older than `rest` seconds if there is one in time.

        Raises:
            DependencyUnavailable: Temporal does not answer.
        """
        return await self.answers.of(("fate", period), lambda: TemporalCycles(self.client).fate(period), rest=rest)

    async def progress(self, period: str) -> CycleProgress | None:
        """Return what a cycle's workflows say; None when it does not run or no worker answers.

        Raises:
            DependencyUnavailable: Temporal does not answer.
        """
        return await self.answers.of(("progress", period), lambda: unless_silent(live_progress(self.client, period)))

    async def _said(self, period: str) -> CycleProgress | None:
        try:
            return await self.progress(period)
        except DependencyUnavailable:
            return None
