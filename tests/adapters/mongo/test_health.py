from __future__ import annotations

from datetime import UTC, datetime, timedelta

from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.health import MongoServerStatus
from relance.adapters.mongo.indexes import missing_indexes
from relance.domain.health.probes import WorkerReport
from relance.domain.health.status import Health, ProbeStatus

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def a_report(worker: str = "vm:1", *, at: datetime = NOW, rss: float = 100.0) -> WorkerReport:
    return WorkerReport(worker=worker, role="all", rss_mb=rss, breakers={"provider gmail": 2}, started_at=NOW, at=at)


def a_standing(probe: str, state: Health = Health.HEALTHY) -> ProbeStatus:
    return ProbeStatus(probe=probe, state=state, since=NOW, at=NOW, value=1.0)


async def test_a_standing_replaces_the_one_before_and_leaves_the_others(db: Database) -> None:
    await db.health_checks.store([a_standing("mongodb"), a_standing("memory")])
    await db.health_checks.store([a_standing("memory", Health.UNHEALTHY)])
    await db.health_checks.store([])
    found = await db.health_checks.all()
    assert {name: one.state for name, one in found.items()} == {"mongodb": "healthy", "memory": "unhealthy"}


async def test_a_process_has_one_report_and_only_those_who_reported_lately_are_alive(db: Database) -> None:
    for rss in (100.0, 120.0):
        await db.workers.report(a_report(rss=rss))
    await db.workers.report(a_report("vm:2", at=NOW - timedelta(minutes=1)))
    alive = await db.workers.alive(NOW - timedelta(seconds=20))
    assert [(one.worker, one.rss_mb, one.breakers) for one in alive] == [("vm:1", 120.0, {"provider gmail": 2})]
    await db.workers.leave("vm:1")
    assert await db.workers.alive(NOW - timedelta(hours=1)) == [a_report("vm:2", at=NOW - timedelta(minutes=1))]


async def test_reports_of_the_dead_are_forgotten_by_the_database_itself(db: Database) -> None:
    indexes = await db.raw.workers.index_information()
    assert [one.get("expireAfterSeconds") for one in indexes.values() if one["key"] == [("at", 1)]] == [300]


async def test_an_index_that_would_forget_nothing_does_not_count(db: Database) -> None:
    await db.raw.workers.drop_index("at_1")
    await db.raw.workers.create_index([("at", 1)])
    assert await missing_indexes(db.raw) == ["workers(at)"]


async def test_the_database_takes_a_write_and_says_how_full_its_disk_is(db: Database) -> None:
    signs = MongoServerStatus(db.raw)
    for _ in range(2):
        await signs.write(NOW)
    assert await db.raw.healthProbe.count_documents({}) == 1
    used = await signs.disk_used()
    assert used is not None
    assert 0 < used < 100
