"""The stream of changes: whoever leaves it leaves no cursor behind on the server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo.read_concern import ReadConcern

from relance.adapters.mongo import changes
from relance.adapters.mongo.connection import Database
from tests.support.patience import PATIENCE_S


async def _cursors(db: Database) -> list[dict[str, Any]]:
    """Return the server's cursors of this database, those of a command under way among them."""
    admin = db.client.get_database("admin", read_concern=ReadConcern("local"))
    operations = admin.aggregate([{"$currentOp": {"localOps": True, "idleCursors": True}}])
    cursors = [operation["cursor"] async for operation in operations if "cursor" in operation]
    return [cursor for cursor in cursors if cursor["originatingCommand"]["$db"] == db.raw.name]


@pytest.mark.scans("a change stream reads the oplog, which has no index")
@pytest.mark.parametrize("command", ["aggregate", "getMore"])
async def test_who_goes_while_an_answer_is_under_way_leaves_no_cursor(
    db: Database, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    answered, may_arrive, ask = asyncio.Event(), asyncio.Event(), changes.MongoChanges._ask

    async def slow(self: changes.MongoChanges, asked: Any, session: Any) -> Any:
        answer = await ask(self, asked, session)
        if command in asked:
            answered.set()
            await may_arrive.wait()
        return answer

    monkeypatch.setattr(changes.MongoChanges, "_ask", slow)

    async def watch() -> None:
        async for _ in db.changes.watch():
            pass

    watching = asyncio.create_task(watch())
    async with asyncio.timeout(PATIENCE_S):
        await answered.wait()
        assert len(await _cursors(db)) == 1
        watching.cancel()
        await asyncio.wait([watching])
        may_arrive.set()
        await asyncio.gather(*changes._closing)
        assert await _cursors(db) == []
