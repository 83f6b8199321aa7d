"""Which users have no plan of a period, found some thousand at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from relance.adapters.mongo import coverage
from relance.adapters.mongo.connection import Database
from relance.contracts.cycle import CycleStatistics
from tests.adapters.mongo.commands import Commands

PERIOD = "2026-12"
NOW = datetime(2026, 12, 5, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def add_users(db: Database, *ids: Any, **fields: Any) -> None:
    await db.raw.users.insert_many([{"_id": one, "email": "a@users.example", **fields} for one in ids])


async def plan(db: Database, *user_ids: str, period: str = PERIOD, status: str = "planned") -> None:
    await db.raw.plans.insert_many(
        [{"_id": f"{period}.{one}", "period": period, "userId": one, "status": status} for one in user_ids]
    )


async def statistics(db: Database, period: str) -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ("eligible", "sent", "cancelled", "uncertain", "open", "balance", "plans_open"), 0
    )
    await db.job_runs.store_statistics(CycleStatistics(period=period, skipped={}, failed={}, **nothing), NOW)


async def test_the_first_period_is_that_of_the_oldest_plan_or_report(db: Database) -> None:
    assert await db.coverage.first_period() is None
    await plan(db, "u1", period="2026-11")
    assert await db.coverage.first_period() == "2026-11"
    await statistics(db, "2026-09")
    assert await db.coverage.first_period() == "2026-09"


@pytest.mark.scans("it ends at the first active user")
async def test_a_user_is_active_as_the_model_reads_it(db: Database) -> None:
    await add_users(db, "u1", status="closed")
    assert not await db.coverage.has_users()
    await add_users(db, "u2", status=None)
    assert await db.coverage.has_users()


async def test_plans_of_any_state_count_as_plans_and_open_ones_are_counted(db: Database) -> None:
    assert not await db.coverage.has_plans(PERIOD)
    await plan(db, "u1", status="skipped")
    await plan(db, "u2", period="2026-11")
    assert (await db.coverage.has_plans(PERIOD), await db.coverage.plans_open(PERIOD)) == (True, 0)
    await plan(db, "u3", "u4")
    await plan(db, "u5", status="sending")
    assert await db.coverage.plans_open(PERIOD) == 3


async def test_active_valid_users_without_a_plan_wait_since_they_were_first_seen(db: Database) -> None:
    new = ObjectId()
    await add_users(db, "u1", "u2", new)
    await add_users(db, "u3", status="closed")
    await add_users(db, "u4", reminderSettings=5)
    await plan(db, "u1")
    assert list(await db.coverage.waiting(PERIOD, NOW)) == [NOW, NOW]
    await add_users(db, "u5")
    assert list(await db.coverage.waiting(PERIOD, NOW + MINUTE)) == [NOW, NOW, NOW + MINUTE]
    # Planned, closed, gone: none of them waits any more.
    await plan(db, "u2")
    await db.raw.users.update_one({"_id": new}, {"$set": {"status": "closed"}})
    await db.raw.users.delete_one({"_id": "u5"})
    assert list(await db.coverage.waiting(PERIOD, NOW + 2 * MINUTE)) == []


async def test_a_search_goes_on_where_the_last_one_ended_and_begins_anew(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage, "PAGE", 2)
    monkeypatch.setattr(coverage, "PAGES", 2)
    users = [f"u{number}" for number in range(10)]
    await add_users(db, *users)
    await plan(db, *(one for one in users if one not in {"u1", "u9"}))
    seen = [list(await db.coverage.waiting(PERIOD, NOW + look * MINUTE)) for look in range(4)]
    assert seen == [[NOW], [NOW], [NOW, NOW + 2 * MINUTE], [NOW, NOW + 2 * MINUTE]]
    # Another period is searched on its own, and what is over is forgotten.
    assert len(await db.coverage.waiting("2027-04", NOW)) == 4
    assert [one["_id"] for one in await db.raw.planSearches.find({}).to_list(None)] == ["2027-04"]


async def test_no_more_are_remembered_than_people_need_to_know_of(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage, "MOST_WAITING", 3)
    await add_users(db, *(f"u{number}" for number in range(9)))
    assert len(await db.coverage.waiting(PERIOD, NOW)) == 3
    assert list(await db.coverage.waiting(PERIOD, NOW + MINUTE)) == [NOW] * 3


async def test_no_question_but_that_for_a_user_reads_a_whole_collection(db: Database) -> None:
    await plan(db, "u1")
    asked: list[tuple[Any, dict[str, Any]]] = [
        (db.raw.plans, {"find": "plans", "filter": {}, "sort": {"period": 1}, "limit": 1}),
        (db.raw.plans, {"find": "plans", "filter": {"period": PERIOD}, "limit": 1}),
        (db.raw.plans, {"find": "plans", "filter": {"_id": {"$in": [f"{PERIOD}.u1"]}}}),
        (
            db.raw.jobRuns,
            {"find": "jobRuns", "filter": {"job": "monthly-cycle-report"}, "sort": {"nominal": 1}, "limit": 1},
        ),
    ]
    for _, command in asked:
        explained = await db.raw.command({"explain": command, "verbosity": "queryPlanner"})
        assert "COLLSCAN" not in str(explained["queryPlanner"]["winningPlan"]), command


async def test_a_page_of_users_reads_no_further_than_its_size(commands: Commands, db: Database) -> None:
    """Without a limit the server's second batch is 16 MB, whatever of it is wanted: two seconds a page at a million."""
    await add_users(db, *(f"u{number:04}" for number in range(300)))
    commands.sent.clear()
    async for page in db.users.pages(size=120):
        assert len(page.items) <= 120
    assert {one.get("limit") for one in commands.named("find")} == {120}
