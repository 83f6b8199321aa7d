from __future__ import annotations

import asyncio
from dataclasses import replace

from relance.adapters.mongo.connection import Database
from tests.support.messages import PNG, a_message


async def test_a_message_is_stored_once_with_its_attachments(db: Database) -> None:
    message = a_message(chart=True)
    assert await db.chat_messages.add(message) is True
    assert await db.chat_messages.add(message) is False
    (stored,) = (await db.chat_messages.page()).items
    assert (stored.key, stored.number, stored.rows, stored.at) == (message.key, 1, message.rows, message.at)
    assert [one.filename for one in stored.attachments] == ["revenue.png"]
    assert await db.chat_messages.attachment(message.key, "revenue.png") == PNG
    assert await db.chat_messages.attachment(message.key, "other.png") is None
    assert await db.chat_messages.attachment("another", "revenue.png") is None


async def test_what_is_written_at_the_same_time_is_stored_once_and_numbered_without_gaps(db: Database) -> None:
    keys = [f"key/{number}" for number in range(15)] * 2
    added = await asyncio.gather(*(db.chat_messages.add(a_message(key)) for key in keys))
    assert sum(added) == 15
    assert [one.number for one in (await db.chat_messages.page()).items] == list(range(1, 16))


async def test_a_reader_that_goes_on_from_its_place_misses_nothing_and_repeats_nothing(db: Database) -> None:
    for number in range(5):
        await db.chat_messages.add(a_message(f"key/{number}"))
    first = await db.chat_messages.page(size=2)
    rest = await db.chat_messages.page(after=first.last_id, size=10)
    assert [one.key for one in [*first.items, *rest.items]] == [f"key/{number}" for number in range(5)]
    end = await db.chat_messages.page(after=rest.last_id)
    assert (end.items, end.last_id) == ([], rest.last_id)
    await db.chat_messages.add(a_message("late"))
    assert [one.key for one in (await db.chat_messages.page(after=end.last_id)).items] == ["late"]


async def test_an_invalid_document_does_not_hold_up_the_reader(db: Database) -> None:
    await db.raw.chatMessages.insert_one({"_id": "broken", "number": 1, "severity": "unheard of"})
    await db.chat_messages.add(a_message())
    page = await db.chat_messages.page(size=1)
    assert (page.items, page.quarantined, page.last_id) == ([], 1, "1")
    assert [one.number for one in (await db.chat_messages.page(after=page.last_id)).items] == [2]


async def test_the_newest_messages_are_read_from_any_place_with_their_author_and_alerts(db: Database) -> None:
    for number in range(5):
        message = replace(
            a_message(f"key/{number}"), author="anna", via="console", about=("default-lp/1", "default-lp/2")
        )
        await db.chat_messages.add(message)
    assert [one.number for one in await db.chat_messages.latest(2)] == [4, 5]
    assert [one.number for one in await db.chat_messages.latest(2, before=4)] == [2, 3]
    (first,) = await db.chat_messages.latest(5, before=2)
    assert (first.author, first.via, first.about) == ("anna", "console", ("default-lp/1", "default-lp/2"))
    assert await db.chat_messages.latest(5, before=1) == []
    assert await db.chat_messages.has("key/0")
    assert not await db.chat_messages.has("key/9")


async def test_messages_from_before_there_were_authors_are_read(db: Database) -> None:
    await db.chat_messages.add(a_message())
    await db.raw.chatMessages.update_one({}, {"$unset": {"author": "", "via": "", "about": ""}})
    (old,) = await db.chat_messages.latest(1)
    assert (old.author, old.about) == ("", ())
