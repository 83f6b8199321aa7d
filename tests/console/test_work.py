"""Background work: begun twice it is done once, and what ended with its process is said to be so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.console import work
from relance.console.backtests import KIND
from relance.console.work import Advance, Worker
from relance.ports.console import WorkState
from tests.console.support import Visitor
from tests.support.patience import PATIENCE_S

ASKED = {"check": "default-lp", "from": "2026-11-01", "to": "2026-11-09"}


class Slow:
    """Goes on when it is let; counts how often it was begun."""

    def __init__(self) -> None:
        self.begun, self.go_on = 0, asyncio.Event()

    async def do(self, advance: Advance) -> Mapping[str, Any]:
        self.begun += 1
        await advance(2, 9)
        await self.go_on.wait()
        return {"days": []}


@pytest.fixture
async def worker(db: Database) -> AsyncIterator[Worker]:
    opened = Worker(db.works, SystemClock())
    yield opened
    await opened.close()


async def _state(worker: Worker, wanted: WorkState) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while [found.state for found in await worker.newest("backtest", 3)] != [wanted]:
            await asyncio.sleep(0.02)


async def test_the_same_asked_twice_is_done_once_and_again_when_it_is_over(db: Database, worker: Worker) -> None:
    slow, other = Slow(), Worker(db.works, SystemClock())
    begun = await asyncio.gather(*(each.begin("backtest", "ann", ASKED, slow.do) for each in (worker, other, worker)))
    assert sorted(begun) == [False, False, True]
    assert await worker.begin("backtest", "bob", {**ASKED, "to": "2026-11-08"}, slow.do)
    assert len(await worker.newest("backtest", 3)) == 2
    await db.raw.consoleWork.delete_many({"asked.to": "2026-11-08"})
    slow.go_on.set()
    await _state(worker, WorkState.DONE)
    assert await worker.begin("backtest", "bob", ASKED, slow.do)
    await _state(worker, WorkState.DONE)
    assert slow.begun == 3
    await other.close()


async def test_what_a_stopped_process_was_doing_is_lost_and_can_be_asked_again(db: Database, worker: Worker) -> None:
    slow, stopped = Slow(), Worker(db.works, SystemClock())
    assert await stopped.begin("backtest", "ann", ASKED, slow.do)
    await _state(worker, WorkState.RUNNING)
    await stopped.close()
    await _state(worker, WorkState.LOST)
    slow.go_on.set()
    assert await worker.begin("backtest", "ann", ASKED, slow.do)
    await _state(worker, WorkState.DONE)


async def test_a_process_that_was_killed_is_missed_after_a_while(
    db: Database, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "BEAT_S", 0.05)
    slow = Slow()
    assert await worker.begin("backtest", "ann", ASKED, slow.do)
    begun = await db.raw.consoleWork.find_one({})
    assert begun is not None
    async with asyncio.timeout(PATIENCE_S):
        while (await db.raw.consoleWork.find_one({}))["beat_at"] == begun["beat_at"]:  # type: ignore[index]
            await asyncio.sleep(0.02)
    # Killed: nobody writes anything down any more, and what it still says changes nothing.
    long_ago = datetime.now(UTC) - work.LEASE - timedelta(seconds=1)
    await db.raw.consoleWork.update_one({}, {"$set": {"beat_at": long_ago, "run": "of another process"}})
    await _state(worker, WorkState.LOST)
    slow.go_on.set()
    await asyncio.sleep(0.2)
    await _state(worker, WorkState.LOST)
    assert await worker.begin("backtest", "bob", ASKED, slow.do)
    await _state(worker, WorkState.DONE)


@pytest.mark.parametrize(
    ("language", "lost", "day", "why"),
    [
        ("en", "ended after 2 of 9 days", "1 Nov 2026", "the report lacks a day"),
        ("fr", "après 2 jours sur 9", "1 nov. 2026", "il manque un jour dans le rapport"),
    ],
)
async def test_the_page_says_so_and_writes_days_as_the_language_does(
    ann: Visitor, db: Database, worker: Worker, language: str, lost: str, day: str, why: str
) -> None:
    slow, stopped = Slow(), Worker(db.works, SystemClock())
    asked = {**ASKED, "to": "2026-11-02"}
    done: Mapping[str, Any] = {"days": [{"day": "2026-11-01", "rows": None, "findings": [], "no_data": "days"}]}

    async def at_once(_: Advance) -> Mapping[str, Any]:
        return done

    assert await worker.begin(KIND, "ann", asked, at_once)
    assert await stopped.begin(KIND, "ann", ASKED, slow.do)
    async with asyncio.timeout(PATIENCE_S):
        while await db.raw.consoleWork.count_documents({"$or": [{"done": 2}, {"state": "done"}]}) < 2:
            await asyncio.sleep(0.02)
    await stopped.close()
    text = (await ann.get("/console/desk", **{"Accept-Language": language})).text
    assert lost in text
    assert f'<th scope="row">{day}</th>' in text
    assert why in text
