from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from relance.adapters.mongo.connection import Database
from relance.domain.cycle.error_gate import Failing, GateState, Trip, UnderWay

STRETCH = "2026-11/begun"
AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)


def state(version: int) -> GateState:
    return GateState(
        id=STRETCH,
        version=version,
        known=7,
        results=6,
        failing=(Failing(user="u1", at=3),),
        under_way=(UnderWay(process="host.example:1", mails=4, beat=9),),
        trip=Trip(failed=3, results=200),
        at=AT,
    )


async def test_what_is_written_is_read(mongod_db: Database) -> None:
    assert await mongod_db.error_gates.get(STRETCH) == GateState(id=STRETCH)
    assert await mongod_db.error_gates.replace(state(1))
    assert await mongod_db.error_gates.get(STRETCH) == state(1)


async def test_of_those_who_go_on_from_the_same_version_one_is_written(mongod_db: Database) -> None:
    for version in (1, 2):
        written = await asyncio.gather(*(mongod_db.error_gates.replace(state(version)) for _ in range(8)))
        assert sorted(written) == [False] * 7 + [True]


@pytest.mark.parametrize("spoilt", [{"known": "many"}, {"version": []}, {"underWay": [{"process": 1}]}, {"trip": 5}])
async def test_a_state_that_cannot_be_read_holds_up_nothing(mongod_db: Database, spoilt: dict[str, object]) -> None:
    await mongod_db.raw.errorGates.insert_one({"_id": STRETCH, "version": 3, **spoilt})
    assert await mongod_db.error_gates.get(STRETCH) == GateState(id=STRETCH)
    assert await mongod_db.error_gates.replace(state(1))
    assert await mongod_db.raw.quarantine.count_documents({}) == 1
