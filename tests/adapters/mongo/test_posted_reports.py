from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from relance.adapters.mongo.documents import MotorDatabase
from relance.adapters.mongo.jobs import MongoPostedReports

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
STALE = NOW - timedelta(hours=6)
KEY = "digest/2026-11-22"


@pytest.fixture
def posted(served: MotorDatabase) -> MongoPostedReports:
    return MongoPostedReports(served.postedReports)


async def take(posted: MongoPostedReports, owner: str, *, at: datetime = NOW, key: str = KEY) -> bool:
    return await posted.take(key, "digest", at, owner, at, stale=at - timedelta(hours=6))


async def test_of_many_that_take_a_report_on_at_once_one_gets_it(posted: MongoPostedReports) -> None:
    taken = await asyncio.gather(*(take(posted, f"run-{number}") for number in range(20)))
    assert sum(taken) == 1


async def test_the_owner_may_take_it_again_until_it_is_posted(posted: MongoPostedReports) -> None:
    assert [await take(posted, "a"), await take(posted, "a"), await take(posted, "b")] == [True, True, False]
    await posted.done(KEY, "b")
    assert await take(posted, "a")
    await posted.done(KEY, "a")
    assert [await take(posted, "a"), await take(posted, "b")] == [False, False]


async def test_what_was_given_up_or_left_behind_may_be_taken_by_another(posted: MongoPostedReports) -> None:
    assert await take(posted, "a")
    await posted.give_up(KEY, "b")
    assert not await take(posted, "b")
    await posted.give_up(KEY, "a")
    assert await take(posted, "b")
    assert await take(posted, "c", at=NOW + timedelta(hours=7))
    await posted.done(KEY, "c")
    await posted.give_up(KEY, "c")
    assert not await take(posted, "d", at=NOW + timedelta(days=3))


async def test_the_last_posted_report_of_a_job_is_found(posted: MongoPostedReports) -> None:
    for days, owner in ((3, "a"), (2, "b"), (1, "c")):
        at = NOW - timedelta(days=days)
        assert await take(posted, owner, at=at, key=f"digest/{at:%Y-%m-%d}")
    assert await posted.last("digest", NOW) is None
    for days, owner in ((3, "a"), (2, "b")):
        await posted.done(f"digest/{NOW - timedelta(days=days):%Y-%m-%d}", owner)
    assert await posted.last("digest", NOW) == NOW - timedelta(days=2)
    assert await posted.last("digest", NOW - timedelta(days=2)) == NOW - timedelta(days=3)
    assert await posted.last("noise-report", NOW) is None
