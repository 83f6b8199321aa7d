from __future__ import annotations

import asyncio
from datetime import timedelta

from relance.adapters.mongo.connection import Database
from relance.contracts.cycle import CycleProgress, CycleStatistics, MailCounts
from relance.domain.jobs.audit import AuditMark, DueRun
from relance.domain.jobs.run import JobRun
from tests.support.mongo_people import AT, PERIOD


def _statistics(sent: int) -> CycleStatistics:
    progress = CycleProgress(
        period=PERIOD, counts=MailCounts(sent=sent), sending_time=timedelta(seconds=90), started_at=AT
    )
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


async def test_a_run_that_was_done_takes_the_place_of_one_that_was_not_and_never_the_other_way(db: Database) -> None:
    later = [AT + timedelta(minutes=minute) for minute in range(4)]
    missed = JobRun(job="cleanup", nominal=AT, state="skipped(missed)", at=AT, detail={"by": "audit"})
    done = JobRun(
        job="cleanup", nominal=AT, state="late", at=later[1], detail={"deleted": 3}, figures={"duration_s": 2}
    )
    assert await db.job_runs.record(missed) is True
    assert await db.job_runs.record(missed.model_copy(update={"state": "failed"})) is False
    assert await db.job_runs.record(done) is True
    for state in ("failed", "ran", "skipped(missed)", "late"):
        assert await db.job_runs.record(done.model_copy(update={"state": state, "at": later[2]})) is False
    [found] = await db.job_runs.runs()
    assert found == done.model_copy(update={"history": (missed.outcome,)})


async def test_of_two_that_make_up_for_a_run_at_once_one_does(db: Database) -> None:
    await db.job_runs.record(JobRun(job="cleanup", nominal=AT, state="failed", at=AT))
    done = [JobRun(job="cleanup", nominal=AT, state=state, at=AT + timedelta(hours=1)) for state in ("ran", "late")]
    assert sorted(await asyncio.gather(*(db.job_runs.record(one) for one in done))) == [False, True]
    [found] = await db.job_runs.runs()
    assert [one.state for one in found.history] == ["failed"]


async def test_it_is_known_which_nominal_times_have_a_record(db: Database) -> None:
    times = [AT + timedelta(hours=hour) for hour in range(3)]
    for at in times[:2]:
        await db.job_runs.record(JobRun(job="cleanup", nominal=at, state="ran", at=at))
    await db.job_runs.record(JobRun(job="health", nominal=times[2], state="ran", at=AT))
    assert await db.job_runs.recorded("cleanup", times) == set(times[:2])
    assert await db.job_runs.recorded("cleanup", []) == set()


async def test_how_far_a_job_is_audited_is_read_back_as_it_was(db: Database) -> None:
    assert await db.audit_marks.get("cleanup") is None
    for paused in (False, True):
        mark = AuditMark(job="cleanup", up_to=AT, spec="a", paused=paused, open=(DueRun(nominal=AT, paused=paused),))
        await db.audit_marks.put(mark)
        assert await db.audit_marks.get("cleanup") == mark


async def test_a_cycles_report_is_replaced_and_read_back_as_it_was(db: Database) -> None:
    assert await db.job_runs.statistics(PERIOD) is None
    for sent in (1, 2):
        await db.job_runs.store_statistics(_statistics(sent), AT)
    assert await db.job_runs.statistics(PERIOD) == _statistics(2)


async def test_the_newest_reports_up_to_a_period_come_oldest_first(db: Database) -> None:
    for month in (9, 11, 10, 12):
        report = _statistics(month).model_copy(update={"period": f"2026-{month:02}", "figures": {"per_second": 870.5}})
        await db.job_runs.store_statistics(report, AT)
    await db.job_runs.record(JobRun(job="monthly-cycle", nominal=AT, state="ran", at=AT))
    found = await db.job_runs.cycles("2026-11", 2)
    assert [one.period for one in found] == ["2026-10", "2026-11"]
    assert found[0].figures == {"per_second": 870.5}
    assert await db.job_runs.cycles("2026-08", 5) == []


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
