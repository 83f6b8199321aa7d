"""The rounds of the health check: run every probe, then judge the results (SPEC H2)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity

from activities.errors import translated
from relance.contracts.health import HealthVerdict, Round
from relance.domain.health.probes import ProbeName
from relance.ports import Clock, Meter
from relance.ports.health import Probe
from relance.services.health_checks import HealthMonitor, run_probes


@dataclass(frozen=True, slots=True)
class HealthRounds:
    """Runs probes and judges them. `again` is when to run them once more while a state is changing."""

    probes: Sequence[Probe]
    monitor: HealthMonitor
    again: timedelta
    clock: Clock
    meter: Meter

    @activity.defn
    async def look_at_everything(self) -> Round:
        """Look at everything at the same time, each within its deadline; what fails is a result, not an error."""
        begun = time.monotonic()
        looks = await run_probes(self.probes, self.clock)
        lost = any(look.probe == ProbeName.MONGODB and look.trouble is not None for look in looks)
        took = timedelta(seconds=time.monotonic() - begun)
        return Round(looks=tuple(looks), took=took, database_lost=lost, again=self.again)

    @activity.defn
    async def judge(self, round_: Round) -> HealthVerdict:
        """Store the state of every probe, and raise or clear alerts for those that changed."""
        with translated():
            judgement = await self.monitor.take(round_.looks)
        for standing in judgement.statuses:
            self.meter.health(standing.probe, standing.state)
            if standing.probe == ProbeName.QUARANTINE and standing.trouble is None:
                self.meter.unreadable({name: concern.count for name, concern in standing.concerns.items()})
        return HealthVerdict(counts=judgement.counts, again=None if judgement.settled else self.again)
