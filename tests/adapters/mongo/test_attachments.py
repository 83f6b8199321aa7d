from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from relance.adapters.mongo.connection import Database
from relance.domain.channels.messages import Attachment
from tests.support.messages import KEY, PNG

CHART = Attachment("chart.png", "image/png", PNG, "https://desk.example/attachments/x")


async def test_a_file_is_read_as_it_was_stored_without_its_address(db: Database) -> None:
    await db.attachments.store(KEY, [CHART, Attachment("rows.csv", "text/csv", b"a,b")])
    assert await db.attachments.read(KEY, "chart.png") == Attachment("chart.png", "image/png", PNG)
    assert await db.attachments.read(KEY, "rows.csv") == Attachment("rows.csv", "text/csv", b"a,b")
    assert await db.attachments.read(KEY, "other.png") is None
    assert await db.attachments.read("another", "chart.png") is None
    age = datetime.now(UTC) - (await db.raw.attachments.find_one({}) or {})["createdAt"]
    assert timedelta(0) <= age < timedelta(minutes=1)


async def test_storing_again_changes_nothing_also_at_the_same_time(db: Database) -> None:
    later = [Attachment("chart.png", "image/png", b"drawn anew"), Attachment("second.png", "image/png", PNG)]
    await db.attachments.store(KEY, [CHART])
    await asyncio.gather(*(db.attachments.store(KEY, later) for _ in range(10)))
    first, second = [await db.attachments.read(KEY, name) for name in ("chart.png", "second.png")]
    assert first is not None
    assert second is not None
    assert (first.content, second.content) == (PNG, PNG)
    assert await db.raw.attachments.count_documents({}) == 2
