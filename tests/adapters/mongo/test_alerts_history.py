from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal

from relance.adapters.mongo.connection import Database
from relance.domain.alerts.model import HISTORY_KEPT, AlertEvent, AlertRecord, AlertState
from tests.adapters.mongo.conditions import AT, TUESDAY, WEDNESDAY, entry, later, seen

KEY, SIGHTING = seen()
OPENED, SENT, RESOLVED = AlertEvent.OPENED, AlertEvent.SENT, AlertEvent.RESOLVED
SEEN_AGAIN, ACKNOWLEDGED, SILENCED = AlertEvent.SEEN_AGAIN, AlertEvent.ACKNOWLEDGED, AlertEvent.SILENCED


async def _newest(db: Database) -> AlertRecord:
    return (await db.alerts.newest([KEY]))[KEY]


async def _events(db: Database) -> list[AlertEvent]:
    return [one.event for one in (await _newest(db)).history]


async def test_what_happened_is_added_once_however_often_it_is_recorded(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    happened = {
        KEY: [
            entry(SENT, later(seconds=1, microseconds=7), "chat"),
            entry(SENT, later(seconds=1), "mail"),
            entry(SEEN_AGAIN, later(minutes=1)),
            entry(SEEN_AGAIN, later(minutes=1)),
        ]
    }
    for _ in range(2):
        await db.alerts.record(happened)
    alert = await _newest(db)
    assert [one.detail for one in alert.history] == [None, "chat", "mail", None]
    assert (alert.updated_at, alert.state) == (later(minutes=1), AlertState.FIRING)


async def test_attempts_at_the_same_time_add_it_once(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    same = {KEY: [entry(SENT, later(seconds=1), "chat"), entry(SEEN_AGAIN, later(seconds=1))]}
    await asyncio.gather(*(db.alerts.record(same) for _ in range(10)))
    assert await _events(db) == [OPENED, SENT, SEEN_AGAIN]


async def test_everybody_at_once_loses_nothing(db: Database) -> None:
    keys = dict(seen(str(number)) for number in range(10))
    await db.alerts.take(keys, AT)

    async def record(second: int) -> None:
        await db.alerts.record({key: [entry(SENT, later(seconds=second), f"channel {second}")] for key in keys})

    newer = dict(seen(str(number), WEDNESDAY, clicks=99) for number in range(10))
    ending = list(keys)[:5]
    await asyncio.gather(
        *(record(second) for second in range(1, 9)),
        db.alerts.take(newer, later(seconds=3)),
        db.alerts.decide(list(keys), entry(ACKNOWLEDGED, later(seconds=4), by="Ada")),
        db.alerts.record({key: [entry(RESOLVED, later(hours=1))] for key in ending}),
    )
    every = await db.alerts.recent(AT)
    for key in keys:
        # Refreshed only after it resolved, it is followed by a new alert, which then has the rest of the history.
        history = [one for alert in every if alert.key == key for one in alert.history]
        assert sorted(one.detail or "" for one in history if one.event is SENT) == [f"channel {n}" for n in range(1, 9)]
        assert (RESOLVED in [one.event for one in history]) is (key in ending)
    still = [alert for alert in await db.alerts.open() if alert.key not in ending]
    assert len(still) == 5
    for alert in still:
        assert (alert.evidence.value, alert.observation) == (Decimal(99), WEDNESDAY)
        assert (alert.state, alert.acknowledged_by) == (AlertState.ACKNOWLEDGED, "Ada")


async def test_whoever_decides_while_an_alert_resolves_does_not_bring_it_back(db: Database) -> None:
    for turn in range(15):
        key, sighting = seen(str(turn))
        await db.alerts.take({key: sighting}, AT)
        await asyncio.gather(
            db.alerts.record({key: [entry(RESOLVED, later(hours=1))]}),
            db.alerts.decide([key], entry(ACKNOWLEDGED, later(hours=1), by="Ada")),
        )
        assert (await db.alerts.newest([key]))[key].state is AlertState.RESOLVED


async def test_a_resolved_alert_ends_and_says_when(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    await db.alerts.decide([KEY], entry(SILENCED, AT, "holiday", by="Ada"), later(days=1))
    await db.alerts.record({KEY: [entry(RESOLVED, later(hours=1))]})
    alert = await _newest(db)
    assert (alert.state, alert.resolved_at, alert.silenced_until) == (AlertState.RESOLVED, later(hours=1), None)
    assert "silencedUntil" not in (await db.raw.alerts.find_one({"key": KEY}) or {})
    assert await db.alerts.open() == []


async def test_an_opening_adds_nothing_while_an_alert_is_open_and_nothing_for_an_unknown_key(db: Database) -> None:
    (opened,) = await db.alerts.take({KEY: SIGHTING}, AT)
    await db.alerts.record({KEY: [entry(OPENED, later(seconds=1))], "default-lp/unknown": [entry(OPENED, AT)]})
    assert await db.alerts.newest([KEY, "default-lp/unknown"]) == {KEY: opened}


async def test_an_opening_after_the_end_is_a_new_alert_with_the_last_evidence(db: Database) -> None:
    (old,) = await db.alerts.take({KEY: SIGHTING}, AT)
    await db.alerts.decide([KEY], entry(ACKNOWLEDGED, AT, by="Ada"))
    happened = {
        KEY: [
            entry(SENT, later(seconds=30), "chat"),
            entry(RESOLVED, later(seconds=40)),
            entry(OPENED, later(seconds=40)),
            entry(SENT, later(seconds=41), "chat"),
        ]
    }
    for _ in range(2):
        await db.alerts.record(happened)
        new = await _newest(db)
        assert (new.fired_at, new.state, new.resolved_at) == (later(seconds=40), AlertState.FIRING, None)
        assert (new.evidence, new.labels, new.severity) == (old.evidence, old.labels, old.severity)
        assert (new.observation, new.acknowledged_by) == (TUESDAY, None)
        assert [one.event for one in new.history] == [OPENED, SENT]
        assert await db.raw.alerts.count_documents({"key": KEY}) == 2
    ended = AlertRecord.model_validate(await db.raw.alerts.find_one({"_id": old.id}))
    assert [one.event for one in ended.history] == [OPENED, ACKNOWLEDGED, SENT, RESOLVED]


async def test_a_whole_life_recorded_twice_is_one_life(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    life = {KEY: [entry(OPENED, later(seconds=1)), entry(RESOLVED, later(minutes=5))]}
    for _ in range(2):
        await db.alerts.record(life)
    assert await db.raw.alerts.count_documents({}) == 1
    assert await _events(db) == [OPENED, RESOLVED]


async def test_the_end_of_an_alert_recorded_late_does_not_end_the_next_one(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    end = {KEY: [entry(RESOLVED, later(hours=1))]}
    await db.alerts.record(end)
    # The check's clock is some seconds behind the workflow's.
    (again,) = await db.alerts.take(dict([seen(observation=WEDNESDAY)]), later(hours=1, seconds=-5))
    await db.alerts.record(end)
    assert await _newest(db) == again


async def test_a_history_keeps_its_newest_entries_and_still_knows_the_older_ones(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    many = {KEY: [entry(SEEN_AGAIN, later(minutes=minute)) for minute in range(1, HISTORY_KEPT + 50)]}
    for _ in range(2):
        await db.alerts.record(many)
        history = (await _newest(db)).history
        assert [one.at for one in history] == [later(minutes=minute) for minute in range(50, HISTORY_KEPT + 50)]


async def test_a_decision_is_in_the_history_once_and_only_open_alerts_are_decided_on(db: Database) -> None:
    other, _ = seen("0.8.377")
    await db.alerts.take(dict([seen(), seen("0.8.377")]), AT)
    await db.alerts.record({other: [entry(RESOLVED, later(hours=1))]})
    until: datetime = later(days=2, microseconds=5)
    for _ in range(2):
        decided = await db.alerts.decide(
            [KEY, other, "default-lp/unknown"], entry(SILENCED, later(hours=2), "known, being fixed", by="Ada"), until
        )
        (alert,) = decided
        assert (alert.key, alert.state, alert.silenced_until) == (KEY, AlertState.SILENCED, later(days=2))
        assert (alert.history[-1].by, alert.history[-1].detail) == ("Ada", "known, being fixed")
        assert len(alert.history) == 2
        assert await _newest(db) == alert
    (acknowledged,) = await db.alerts.decide([KEY], entry(ACKNOWLEDGED, later(hours=3), by="Grace"))
    assert (acknowledged.state, acknowledged.acknowledged_by) == (AlertState.ACKNOWLEDGED, "Grace")
    assert acknowledged.silenced_until is None
    assert await _newest(db) == acknowledged
