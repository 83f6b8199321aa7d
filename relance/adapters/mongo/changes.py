"""Change streams, read in gulps: pages ask whether something has changed, not what.

One cursor over the whole database serves every page. It is read by commands, because the driver's cursor hands each
change out through a thread of its own pool, and those threads send mails as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import suppress
from typing import Any

from relance.adapters.mongo.documents import Client, MotorDatabase, Raw
from relance.adapters.mongo.errors import translated
from relance.errors import DependencyUnavailable
from relance.ports.console import Topic

REST_S = 0.3
"""Between two looks: what changes meanwhile comes with the next one.

A look that waits for a change is woken by every write of a cycle, only to see that it is none of ours.
"""
WAIT_MS = 1
AGAIN_S = 1.0

# Not invitations and plans: a cycle writes them thousands of times a second, and a stream that delivers them costs the
# server more than a count every second.
COLLECTIONS: dict[str, Topic] = {
    "cycleControls": Topic.CONTROL,
    "alerts": Topic.ALERTS,
    "silences": Topic.ALERTS,
    "chatMessages": Topic.CHAT,
    "jobRuns": Topic.JOBS,
    "healthChecks": Topic.HEALTH,
    "quarantine": Topic.QUARANTINE,
    "intakeMessages": Topic.INTAKE,
    "consoleWork": Topic.WORK,
}
_PIPELINE: list[Raw] = [
    {"$changeStream": {}},
    {"$match": {"ns.coll": {"$in": list(COLLECTIONS)}}},
    {"$project": {"ns.coll": 1}},
]


class MongoChanges:
    """`ports.console.Changes`."""

    def __init__(self, client: Client, database: MotorDatabase) -> None:
        self._client = client
        self._database = database

    async def watch(self) -> AsyncIterator[Collection[Topic]]:
        """Yield what has changed, several changes at once; all topics first, and after each interruption."""
        while True:
            try:
                async for topics in self._stream():
                    yield topics
            except DependencyUnavailable:
                await asyncio.sleep(AGAIN_S)

    async def _stream(self) -> AsyncIterator[Collection[Topic]]:
        # Not `async with`: who is cancelled leaves a command under way, which still needs the session.
        session = await self._client.start_session()
        asking = asyncio.create_task(self._ask({"aggregate": 1, "pipeline": _PIPELINE, "cursor": {}}, session))
        try:
            cursor = (await asyncio.shield(asking))["cursor"]["id"]
            # What happened before the cursor began nobody has been told.
            yield frozenset(Topic)
            while True:
                more = {"getMore": cursor, "collection": "$cmd.aggregate", "maxTimeMS": WAIT_MS}
                asking = asyncio.create_task(self._ask(more, session))
                found = await asyncio.shield(asking)
                if changes := found["cursor"]["nextBatch"]:
                    yield {COLLECTIONS[change["ns"]["coll"]] for change in changes}
                await asyncio.sleep(REST_S)
        finally:
            _spawn(self._close(asking, session))

    async def _ask(self, command: Raw, session: Any) -> Raw:
        with translated("watch for changes"):
            answer: Raw = await self._database.command(command, session=session)
        return answer

    async def _close(self, asking: asyncio.Task[Raw], session: Any) -> None:
        with suppress(DependencyUnavailable, asyncio.CancelledError):
            # Every answer names the cursor.
            if cursor := (await asking)["cursor"]["id"]:
                await self._ask({"killCursors": "$cmd.aggregate", "cursors": [cursor]}, session)
        await session.end_session()


_closing: set[asyncio.Task[None]] = set()


def _spawn(work: Coroutine[Any, Any, None]) -> None:
    """Let something come to its end that a cancelled caller cannot wait for."""
    task = asyncio.get_running_loop().create_task(work)
    _closing.add(task)
    task.add_done_callback(_closing.discard)
