from __future__ import annotations

import asyncio

from relance.adapters.mongo.connection import Database
from relance.domain.channels.channel_state import ChannelCondition, ChannelState, after
from tests.adapters.mongo.conditions import AT, later


def _gone(name: str) -> ChannelState:
    return after(None, name, ChannelCondition.GONE, AT, address="f00d", detail="410")


async def test_the_state_of_each_channel_is_kept_and_replaced(db: Database) -> None:
    assert await db.channel_states.all() == {}
    slack, mail = _gone("slack"), after(None, "mail", ChannelCondition.WORKING, AT, address="cafe")
    for one in (slack, mail):
        await db.channel_states.note(one)
    assert await db.channel_states.all() == {"slack": slack, "mail": mail}
    moved = after(slack, "slack", ChannelCondition.WORKING, later(days=1), address="beef")
    await db.channel_states.note(moved)
    assert await db.channel_states.all() == {"slack": moved, "mail": mail}


async def test_notes_at_the_same_time_leave_one_state(db: Database) -> None:
    await asyncio.gather(*(db.channel_states.note(_gone("slack")) for _ in range(20)))
    assert await db.channel_states.all() == {"slack": _gone("slack")}


async def test_an_invalid_state_does_not_hide_the_others(db: Database) -> None:
    await db.channel_states.note(_gone("slack"))
    await db.raw.channels.insert_one({"_id": "mail", "condition": "unheard of"})
    assert await db.channel_states.all() == {"slack": _gone("slack")}
    assert await db.quarantine.count() == 1
