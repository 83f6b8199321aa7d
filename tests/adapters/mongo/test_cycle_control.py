from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from relance.adapters.mongo.connection import Database
from relance.domain.cycle.control import TRANSITIONS, Control, ControlState

PERIOD = "2026-11"
AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)


def wanted(state: ControlState, reason: str = "", by: str = "ann", at: datetime = AT) -> Control:
    return Control(id=PERIOD, state=state, reason=reason, by=by, at=at)


async def test_a_cycle_nobody_told_anything_runs(mongod_db: Database) -> None:
    assert await mongod_db.controls.get(PERIOD) == Control(id=PERIOD)
    found, changed = await mongod_db.controls.change(wanted(ControlState.RUNNING))
    assert (found.state, changed) == (ControlState.RUNNING, False)


@pytest.mark.parametrize("old", ControlState)
@pytest.mark.parametrize("new", ControlState)
async def test_only_what_may_follow_changes_the_stored_state(
    mongod_db: Database, old: ControlState, new: ControlState
) -> None:
    if old is not ControlState.RUNNING:
        await mongod_db.controls.change(wanted(old, by="first"))
    found, changed = await mongod_db.controls.change(wanted(new, by="second"))
    assert changed == (new in TRANSITIONS[old])
    assert found.state is (new if changed else old)
    assert found.by == ("second" if changed else "" if old is ControlState.RUNNING else "first")


async def test_of_two_who_decide_at_once_one_does(mongod_db: Database) -> None:
    each = [mongod_db.controls.change(wanted(ControlState.PAUSED, by=name)) for name in ("ann", "bob", "eve")]
    answers = await asyncio.gather(*each)
    assert [changed for _, changed in answers].count(True) == 1
    assert len({found.by for found, _ in answers}) == 1


async def test_what_follows_is_later_whatever_the_clocks_say(mongod_db: Database) -> None:
    await mongod_db.controls.change(wanted(ControlState.PAUSED, at=AT))
    found, _ = await mongod_db.controls.change(wanted(ControlState.RUNNING, at=AT - timedelta(hours=1)))
    assert found.at == AT + timedelta(milliseconds=1)
    found, _ = await mongod_db.controls.change(wanted(ControlState.PAUSED, at=AT + timedelta(hours=1)))
    assert found.at == AT + timedelta(hours=1)


async def test_a_reason_is_only_text(mongod_db: Database) -> None:
    found, _ = await mongod_db.controls.change(wanted(ControlState.PAUSED, reason="$at {$gt: 1}", by="$state"))
    assert (found.reason, found.by) == ("$at {$gt: 1}", "$state")


@pytest.mark.parametrize(
    ("document", "state"),
    [
        ({"state": "cancelled", "by": 5}, ControlState.CANCELLED),
        ({"state": "running", "reason": []}, ControlState.RUNNING),
        ({"state": "stopped"}, ControlState.PAUSED),
        ({"state": {"paused": True}}, ControlState.PAUSED),
        ({"state": "paused", "at": "yesterday"}, ControlState.PAUSED),
    ],
)
async def test_a_cycle_whose_orders_cannot_be_read_is_stopped_rather_than_sent(
    db: Database, document: dict[str, Any], state: ControlState
) -> None:
    await db.raw.cycleControls.insert_one({"_id": PERIOD, **document})
    control = await db.controls.get(PERIOD)
    assert (control.state, control.by) == (state, "relance")
    assert control.at is not None
    assert await db.quarantine.count() == 1
