"""Has every job run when it should have?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.domain.health.probes import ProbeName
from relance.domain.jobs.run import DONE, ON_PURPOSE
from relance.ports import Clock, JobRuns, NominalTimes
from relance.ports.health import ProbeReading

NEWEST = 50


@dataclass(frozen=True, slots=True)
class JobRunsProbe:
    """Jobs with a nominal time after which no run is recorded that did the work, or rightly did not."""

    jobs: Sequence[str]
    nominal_times: NominalTimes
    job_runs: JobRuns
    clock: Clock
    margin: timedelta
    deadline: float
    name: str = ProbeName.JOB_RUNS

    async def look(self) -> ProbeReading:
        """Return how many jobs, and which."""
        until = self.clock.now() - self.margin
        stale = [job for job in self.jobs if await self._is_stale(job, until)]
        return ProbeReading(float(len(stale)), "", ", ".join(stale[:3]))

    async def _is_stale(self, job: str, until: datetime) -> bool:
        schedule = await self.nominal_times.schedule(job)
        if schedule is None or schedule.paused:
            return False
        runs = await self.job_runs.runs(job=job, limit=NEWEST)
        done = max((run.nominal for run in runs if run.state in DONE | ON_PURPOSE), default=schedule.created_at)
        since = max(done, schedule.changed_at)
        return since < until and bool((await self.nominal_times.matching(job, since, until))[0])
