from __future__ import annotations

from datetime import timedelta

from relance.adapters.mongo.connection import Database
from relance.contracts.cycle import Counts, CycleProgress, CycleStatistics
from relance.domain.job_run import JobRun
from tests.adapters.mongo.people import AT, PERIOD


def _statistics(sent: int) -> CycleStatistics:
    progress = CycleProgress(period=PERIOD, counts=Counts(sent=sent), sending_time=timedelta(seconds=90), started_at=AT)
    return CycleStatistics(
        period=PERIOD,
        eligible=sent,
        sent=sent,
        cancelled=0,
        skipped={"contact_pending": 1},
        failed={},
        uncertain=0,
        open=0,
        balance=0,
        plans_open=0,
        progress=progress,
    )


async def test_a_nominal_time_has_one_record(db: Database) -> None:
    assert await db.job_runs.record(JobRun(job="cycle", nominal=AT, state="ran", at=AT, detail={"sent": 3})) is True
    assert await db.job_runs.record(JobRun(job="cycle", nominal=AT, state="failed", at=AT)) is False
    assert await db.job_runs.record(JobRun(job="cycle", nominal=AT + timedelta(days=1), state="ran", at=AT)) is True
    assert await db.job_runs.record(JobRun(job="cleanup", nominal=AT, state="ran", at=AT)) is True


async def test_a_cycles_report_is_replaced_and_read_back_as_it_was(db: Database) -> None:
    assert await db.job_runs.statistics(PERIOD) is None
    for sent in (1, 2):
        await db.job_runs.store_statistics(_statistics(sent), AT)
    assert await db.job_runs.statistics(PERIOD) == _statistics(2)


async def test_runs_come_newest_first_without_the_reports_of_cycles(db: Database) -> None:
    for day, job in ((0, "default-lp"), (2, "default-lp"), (1, "paused-partner")):
        at = AT + timedelta(days=day, seconds=3)
        await db.job_runs.record(
            JobRun(
                job=job, nominal=AT + timedelta(days=day), state="ran", at=at, detail={"rows": day, "reason": "late"}
            )
        )
    await db.job_runs.store_statistics(_statistics(1), AT)
    newest, middle, oldest = await db.job_runs.runs()
    assert newest == JobRun(
        job="default-lp",
        nominal=AT + timedelta(days=2),
        state="ran",
        at=AT + timedelta(days=2, seconds=3),
        detail={"rows": 2, "reason": "late"},
    )
    assert await db.job_runs.runs(job="default-lp") == [newest, oldest]
    assert await db.job_runs.runs(since=AT + timedelta(days=1)) == [newest, middle]
    assert await db.job_runs.runs(limit=1) == [newest]
    assert await db.job_runs.runs(job="cleanup") == []


async def test_an_invalid_run_goes_into_quarantine_and_hides_no_other(db: Database) -> None:
    await db.job_runs.record(JobRun(job="default-lp", nominal=AT, state="ran", at=AT))
    await db.raw.jobRuns.insert_one({"job": "broken", "nominal": AT})
    assert [run.job for run in await db.job_runs.runs()] == ["default-lp"]
    assert await db.quarantine.count() == 1
