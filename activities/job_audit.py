"""Makes sure that every nominal time of every job has one record, also where nothing ran (SPEC H3, I7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity

from activities.errors import translated
from relance.contracts.jobs import JobOutcome, JobRequest
from relance.domain.alerts.model import Rule
from relance.domain.jobs.audit import (
    AuditMark,
    Auditor,
    DueRun,
    Watched,
    beginning,
    continued,
    left_behind,
    looks_ahead,
)
from relance.domain.jobs.missed import RECENT, not_done_since, worst
from relance.domain.jobs.run import JobRun
from relance.ports import AuditMarks, Clock, JobRuns, Meter, NominalTimes
from relance.services.alerts import AlertService
from relance.services.conditions import job_missed

AHEAD = timedelta(days=40)
"""So far ahead nominal times are noted, should their cron expression be replaced; of a frequent job some hundred."""


@dataclass(frozen=True, slots=True)
class JobAudit:
    """Compares the nominal times of these jobs' Schedules with the records, and writes the records that are missing.

    A nominal time is judged once no run can be made for it any more, at the earliest `grace` after its time. What
    time it is says the nominal time of the audit itself, which is the server's: a worker's clock may be wrong.
    """

    jobs: Sequence[str]
    nominal_times: NominalTimes
    marks: AuditMarks
    job_runs: JobRuns
    alert_service: AlertService
    clock: Clock
    grace: timedelta
    meter: Meter

    @activity.defn
    async def audit(self, request: JobRequest) -> JobOutcome:
        """Audit every job and raise alerts for runs that were missed or failed; a dry run only counts.

        Counts by code: `nominal` (times that are new), `open`, each state recorded, `unscheduled` (no Schedule).
        """
        with translated():
            counts: Counter[str] = Counter()
            for job in self.jobs:
                counts.update(await self._job(job, request))
        return JobOutcome(counts=dict(counts))

    async def _job(self, job: str, request: JobRequest) -> Counter[str]:
        schedule = await self.nominal_times.schedule(job)
        if schedule is None:
            return Counter(unscheduled=1)
        counts: Counter[str] = Counter()
        found: list[JobRun] = []
        mark = await self.marks.get(job)
        while mark is None or mark.up_to < request.nominal:
            times, up_to = await self.nominal_times.matching(job, beginning(mark, schedule), request.nominal)
            last = up_to >= request.nominal
            listed = last and looks_ahead(mark, schedule, up_to)
            ahead = await self.nominal_times.matching(job, up_to, up_to + AHEAD) if listed else None
            counts["nominal"] += len(times) + len(left_behind(mark, schedule))
            mark = continued(mark, schedule, times, up_to, ahead=ahead, last=last)
            records, mark = await self._judged(schedule, mark, request)
            counts.update(record.state for record in records)
            found += records
            if not request.dry_run:
                await self._settle(records, mark)
        counts["open"] = len(mark.open)
        if not request.dry_run:
            await self._notify(job, found)
        return counts

    async def _judged(self, schedule: Watched, mark: AuditMark, request: JobRequest) -> tuple[list[JobRun], AuditMark]:
        """Return the records that are missing, and the mark without what is settled."""
        recorded = await self.job_runs.recorded(schedule.job, [due.nominal for due in mark.open])
        unsettled = [due for due in mark.open if due.nominal not in recorded]
        records: list[JobRun] = []
        still: list[DueRun] = []
        if unsettled:
            others = await self.nominal_times.executions(schedule, min(due.nominal for due in unsettled))
            auditor = Auditor(schedule, request.nominal, self.grace, self.clock.now())
            for due in unsettled:
                execution = await self.nominal_times.execution(schedule, due.nominal)
                record = auditor.record(due, execution, others)
                if record is None:
                    still.append(due)
                else:
                    records.append(record)
        return records, mark.model_copy(update={"open": tuple(still)})

    async def _settle(self, records: Sequence[JobRun], mark: AuditMark) -> None:
        # In this order: after a crash in between the next audit finds the same nominal times open, and does both again.
        bad = worst(records)
        if bad is not None:
            await self.alert_service.fire([job_missed(bad)])
        for record in records:
            if await self.job_runs.record(record):
                self.meter.job_run(record.job, record.state, None)
        await self.marks.put(mark)

    async def _notify(self, job: str, found: Sequence[JobRun]) -> None:
        """Raise an alert for a failure that the run itself recorded; clear it when the job was done since."""
        runs = await self.job_runs.runs(job=job, limit=RECENT)
        bad = not_done_since(runs)
        if bad is not None:
            await self.alert_service.fire([job_missed(bad)])
        elif runs and worst(found) is None:
            await self.alert_service.clear(Rule.JOB_MISSED, job)
