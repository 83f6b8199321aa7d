from __future__ import annotations

from datetime import datetime

from relance.adapters.mongo.connection import Database
from relance.domain.alerts.suppression import Matcher, Silence
from relance.domain.failures import Severity
from tests.adapters.mongo.conditions import AT, later


def _silence(name: str, starts_at: datetime, ends_at: datetime) -> Silence:
    matcher = Matcher(rule="default-*", severity=Severity.HIGH)
    return Silence(id=name, matcher=matcher, reason="being fixed", author="Ada", starts_at=starts_at, ends_at=ends_at)


async def test_only_silences_that_hold_are_active_and_the_first_to_end_comes_first(db: Database) -> None:
    over = _silence("over", AT, later(hours=1))
    long = _silence("long", AT, later(hours=9))
    short = _silence("short", later(hours=1), later(hours=2))
    coming = _silence("coming", later(hours=2), later(hours=3))
    for one in (over, long, short, coming):
        await db.silences.add(one)
    assert await db.silences.active(later(hours=1)) == [short, long]


async def test_a_silence_added_twice_is_there_once(db: Database) -> None:
    silence = _silence("one", AT, later(hours=1))
    for _ in range(2):
        await db.silences.add(silence)
    assert await db.silences.active(AT) == [silence]


async def test_an_invalid_silence_does_not_hide_the_others(db: Database) -> None:
    silence = _silence("one", AT, later(hours=1))
    await db.silences.add(silence)
    await db.raw.silences.insert_one({"_id": "broken", "startsAt": AT, "endsAt": later(minutes=1)})
    assert await db.silences.active(AT) == [silence]
    assert await db.quarantine.count() == 1


async def test_silences_that_ended_are_not_even_looked_at(db: Database) -> None:
    plan = await db.raw.silences.find({"endsAt": {"$gt": AT}, "startsAt": {"$lte": AT}}).sort("endsAt", 1).explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
