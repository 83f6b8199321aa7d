"""That a question without an index is noticed, and which ones are our own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo import UpdateOne

from relance.adapters.mongo.connection import Database, connect
from relance.settings import Mongo
from tests.adapters.mongo.commands import Commands
from tests.support.keys import PRIVACY
from tests.support.query_plans import by_hand, explained, unindexed

NOW = datetime(2026, 11, 5, tzinfo=UTC)


@pytest.fixture
def db(mongod_db: Database) -> Database:
    return mongod_db


async def test_questions_without_an_index_are_noticed_whatever_they_are(mongo_uri: str, database: str) -> None:
    with Commands.watching(database) as seen:
        opened = connect(Mongo(uri=SecretStr(mongo_uri), database=database, timeout=5), PRIVACY)
        await opened.ensure_indexes()
        alerts, runs = opened.raw.alerts, opened.raw.jobRuns
        await alerts.insert_one({"_id": "a"})
        await runs.insert_one({"_id": "r", "job": "health", "nominal": NOW})
        scanning: list[Callable[[], Awaitable[Any]]] = [
            lambda: alerts.find_one({"by": "ann"}),
            lambda: alerts.count_documents({"by": "ann"}),
            lambda: alerts.distinct("by"),
            lambda: alerts.update_many({"by": "ann"}, {"$set": {"x": 1}}),
            lambda: alerts.bulk_write(
                [UpdateOne({"_id": "a"}, {"$set": {"x": 1}}), UpdateOne({"by": 1}, {"$set": {"x": 1}})]
            ),
            lambda: alerts.delete_many({"by": "ann"}),
            lambda: runs.aggregate(
                [{"$unionWith": {"coll": "alerts", "pipeline": [{"$match": {"by": "ann"}}]}}]
            ).to_list(1),
        ]
        for question in scanning:
            seen.sent.clear()
            await question()
            assert await unindexed(opened.raw, [command for _, command in seen.sent])
        seen.sent.clear()
        await alerts.find_one({"_id": "a"})
        await by_hand(opened.raw).alerts.find_one({"at": "anything"})
        await by_hand(opened.raw).alerts.delete_many({"at": "anything"})
        assert len(seen.sent) == 3
        assert await unindexed(opened.raw, [command for _, command in seen.sent]) == []
        await opened.client.drop_database(database)
        await opened.close()


async def test_the_index_of_mails_put_off_is_used_without_a_look_at_the_mails(commands: Commands, db: Database) -> None:
    put_off = {"period": "2026-11", "status": "sending", "retryAt": NOW}
    some = [{"_id": f"2026-11.u.c{n}", "userId": "u", "contactId": f"c{n}", "period": "2026-11"} for n in range(4)]
    await db.raw.invitations.insert_many(
        [some[0] | put_off, some[1] | put_off | {"status": "cancelled"}, some[2] | put_off | {"retryAt": None}, some[3]]
    )
    assert await db.ledger.put_off("2026-11") == 1
    asked = commands.named("aggregate")[-1]
    question = {"aggregate": "invitations", "pipeline": asked["pipeline"], "cursor": {}}
    plan = str(await explained(db.raw, question, "executionStats"))
    assert "period_1_status_1_retryAt_1" in plan
    assert "'totalDocsExamined': 0" in plan
