from __future__ import annotations

from datetime import timedelta

from relance.adapters.mongo.connection import Database
from relance.contracts.cycle import Counts, CycleProgress, CycleStatistics
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
    assert await db.job_runs.record("cycle", AT, "ran", AT, {"sent": 3}) is True
    assert await db.job_runs.record("cycle", AT, "failed", AT, {}) is False
    assert await db.job_runs.record("cycle", AT + timedelta(days=1), "ran", AT, {}) is True
    assert await db.job_runs.record("cleanup", AT, "ran", AT, {}) is True


async def test_a_cycles_report_is_replaced_and_read_back_as_it_was(db: Database) -> None:
    assert await db.job_runs.statistics(PERIOD) is None
    for sent in (1, 2):
        await db.job_runs.store_statistics(_statistics(sent), AT)
    assert await db.job_runs.statistics(PERIOD) == _statistics(2)
