from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from decimal import Decimal

import pytest

from relance.adapters.mongo.connection import Database
from relance.domain.alerts.model import AlertEvent, AlertRecord, AlertState
from relance.domain.failures import Severity
from relance.ids import alert_id
from tests.adapters.mongo.commands import Commands
from tests.adapters.mongo.conditions import AT, MONDAY, TUESDAY, WEDNESDAY, entry, later, seen

KEY, SIGHTING = seen()


async def _resolve(db: Database, *keys: str, hours: float = 1) -> None:
    await db.alerts.record({key: [entry(AlertEvent.RESOLVED, later(hours=hours))] for key in keys})


async def test_a_condition_opens_an_alert_that_reads_back_as_it_was_returned(db: Database) -> None:
    (opened,) = await db.alerts.take({KEY: SIGHTING}, later(microseconds=1234))
    at = later(milliseconds=1)
    assert opened == SIGHTING.opened(alert_id(KEY, at), KEY, at)
    assert await db.alerts.newest([KEY, "default-lp/unknown"]) == {KEY: opened}
    assert await db.alerts.open() == [opened]


async def test_a_condition_seen_again_refreshes_its_alert_and_touches_neither_state_nor_history(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    await db.alerts.decide([KEY], entry(AlertEvent.ACKNOWLEDGED, later(hours=1), by="Ada"))
    _, again = seen(observation=WEDNESDAY, clicks=99, severity=Severity.CRITICAL)
    (taken,) = await db.alerts.take({KEY: replace(again, labels={"offer": "Summer"})}, later(days=1))
    assert (taken.evidence, taken.observation, taken.severity) == (again.evidence, WEDNESDAY, Severity.CRITICAL)
    assert taken.labels == {"partner": "Partner 0.8.376", "offer": "Summer"}
    assert (taken.state, taken.fired_at, taken.updated_at) == (AlertState.ACKNOWLEDGED, AT, later(hours=1))
    assert [one.event for one in taken.history] == [AlertEvent.OPENED, AlertEvent.ACKNOWLEDGED]
    assert await db.alerts.newest([KEY]) == {KEY: taken}


async def test_a_rerun_that_sees_the_same_writes_nothing(commands: Commands, db: Database) -> None:
    (first,) = await db.alerts.take({KEY: SIGHTING}, AT)
    commands.sent.clear()
    assert await db.alerts.take({KEY: SIGHTING}, later(hours=1)) == [first]
    assert [name for name, _ in commands.sent] == ["aggregate"]


async def test_an_earlier_run_does_not_overtake_a_later_one(db: Database) -> None:
    (newer,) = await db.alerts.take({KEY: SIGHTING}, AT)
    assert await db.alerts.take(dict([seen(observation=MONDAY, clicks=999)]), later(hours=1)) == []
    assert await db.alerts.newest([KEY]) == {KEY: newer}


@pytest.mark.parametrize(("observation", "opens"), [(MONDAY, 0), (TUESDAY, 0), (WEDNESDAY, 1), ("", 1)])
async def test_a_resolved_alert_is_only_followed_by_what_a_later_run_saw(
    db: Database, observation: str, opens: int
) -> None:
    (old,) = await db.alerts.take({KEY: SIGHTING}, AT)
    await _resolve(db, KEY)
    taken = await db.alerts.take(dict([seen(observation=observation)]), later(hours=2))
    assert len(taken) == opens
    assert [one.fired_at for one in await db.alerts.open()] == [later(hours=2)] * opens
    assert await db.raw.alerts.count_documents({"_id": old.id, "state": "resolved"}) == 1


async def test_an_observation_without_a_name_is_never_overtaken(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    (taken,) = await db.alerts.take(dict([seen(observation="", clicks=70)]), later(hours=1))
    assert taken.evidence.value == Decimal(70)


async def test_runs_at_the_same_time_open_one_alert_per_key(db: Database) -> None:
    many = dict(seen(f"0.8.{number}") for number in range(20))
    runs = await asyncio.gather(*(db.alerts.take(many, later(milliseconds=run)) for run in range(8)))
    assert await db.raw.alerts.count_documents({}) == 20
    assert all({alert.key for alert in run} == many.keys() for run in runs)
    assert len({alert.id for run in runs for alert in run}) == 20


async def test_of_runs_at_the_same_time_the_latest_observation_stays(db: Database) -> None:
    runs = [dict([seen(observation=f"2026-03-{day:02}", clicks=day + 50)]) for day in range(1, 9)]
    for _ in range(5):
        await asyncio.gather(*(db.alerts.take(run, AT) for run in runs))
        (alert,) = await db.alerts.open()
        assert (alert.observation, alert.evidence.value) == ("2026-03-08", Decimal(58))


async def test_the_mark_of_an_open_alert_never_leaks_into_the_model(db: Database) -> None:
    (taken,) = await db.alerts.take({KEY: SIGHTING}, AT)
    (again,) = await db.alerts.take(dict([seen(observation=WEDNESDAY)]), later(hours=1))
    decided = await db.alerts.decide([KEY], entry(AlertEvent.ACKNOWLEDGED, AT))
    newest = (await db.alerts.newest([KEY])).values()
    every = [taken, again, *decided, *newest, *await db.alerts.open(), *await db.alerts.recent(AT)]
    assert [one.model_extra for one in every] == [{}] * 6
    assert await db.raw.alerts.count_documents({"open": True}) == 1
    await _resolve(db, KEY)
    assert await db.raw.alerts.count_documents({"open": {"$exists": True}}) == 0


async def test_unknown_fields_of_an_alert_are_kept(db: Database) -> None:
    (alert,) = await db.alerts.take({KEY: SIGHTING}, AT)
    await db.raw.alerts.update_one({"_id": alert.id}, {"$set": {"ticket": "T-1"}})
    (again,) = await db.alerts.take(dict([seen(observation=WEDNESDAY)]), later(hours=1))
    assert again.model_extra == {"ticket": "T-1"}
    await _resolve(db, KEY)
    assert (await db.alerts.newest([KEY]))[KEY].model_extra == {"ticket": "T-1"}


async def test_invalid_alerts_go_into_quarantine_and_stop_nobody(db: Database) -> None:
    other, _ = seen("0.8.377")
    await db.alerts.take(dict([seen(), seen("0.8.377")]), AT)
    await db.raw.alerts.update_one({"key": KEY}, {"$set": {"severity": "unheard of"}})
    assert [alert.key for alert in await db.alerts.open()] == [other]
    taken = await db.alerts.take(dict([seen(), seen("0.8.377")]), later(hours=1))
    assert sorted(alert.fired_at for alert in taken) == [AT, later(hours=1)]
    assert len(await db.alerts.open()) == 2
    assert await db.quarantine.count() == 1
    assert await db.raw.alerts.count_documents({"key": KEY}) == 2


async def test_an_invalid_alert_without_a_time_does_not_keep_its_key(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    await _resolve(db, KEY)
    await db.raw.alerts.insert_one({"_id": "broken", "key": KEY, "open": True})
    (taken,) = await db.alerts.take(dict([seen(observation=WEDNESDAY)]), later(days=1))
    assert await db.alerts.open() == [taken]


async def test_an_open_alert_counts_as_the_newest_though_its_opener_had_a_slow_clock(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    await _resolve(db, KEY)
    (opened,) = await db.alerts.take(dict([seen(observation=WEDNESDAY)]), later(seconds=-1))
    assert await db.alerts.newest([KEY]) == {KEY: opened}


async def test_an_invalid_alert_of_the_future_does_not_hide_the_valid_one(db: Database) -> None:
    await db.alerts.take({KEY: SIGHTING}, AT)
    await db.raw.alerts.insert_one({"_id": "broken", "key": KEY, "firedAt": later(days=999)})
    await _resolve(db, KEY)
    assert (await db.alerts.newest([KEY]))[KEY].state is AlertState.RESOLVED
    (taken,) = await db.alerts.take(dict([seen(observation=WEDNESDAY)]), later(days=1))
    assert taken.fired_at == later(days=1)


async def test_five_thousand_keys_at_once_cost_each_no_more_than_a_tenth_of_them(db: Database) -> None:
    few, many = await _seconds(db, "few", 500), await _seconds(db, "many", 5000)
    # What grew with the square would be at a hundred times.
    assert all(many[step] < 30 * few[step] for step in few), (few, many)


async def _seconds(db: Database, group: str, keys: int) -> dict[str, float]:
    """Return the processor time of each step, ours and the database's: waiting is up to what else the machine does."""
    seconds: dict[str, float] = {}
    for step, observation in (("open", MONDAY), ("refresh", TUESDAY)):
        conditions = dict(seen(f"{group}.{number}", observation) for number in range(keys))
        started = await _processor_s(db)
        taken = await db.alerts.take(conditions, AT)
        seconds[step] = await _processor_s(db) - started
        assert len(taken) == keys
    started = await _processor_s(db)
    await db.alerts.record({alert.key: [entry(AlertEvent.SENT, later(seconds=5), "chat")] for alert in taken})
    seconds["record"] = await _processor_s(db) - started
    recorded = await db.alerts.newest([alert.key for alert in taken])
    assert all(len(alert.history) == 2 for alert in recorded.values())
    return seconds


async def _processor_s(db: Database) -> float:
    server = (await db.client.admin.command("serverStatus"))["extra_info"]
    return time.process_time() + float(server["user_time_us"] + server["system_time_us"]) / 1e6


async def test_what_is_open_can_be_asked_by_group_and_rule(db: Database) -> None:
    await db.alerts.take(dict([seen("2")]), later(hours=1))
    await db.alerts.take(dict([seen("1")]), AT)
    down, cause = seen("network", "", rule="everflow-down")
    await db.alerts.take({down: cause}, AT)
    assert [alert.subject for alert in await db.alerts.open("default-lp")] == ["1", "2"]
    assert len(await db.alerts.open()) == 3
    assert await db.alerts.open_rules(["everflow-down", "no-data"]) == {"everflow-down"}
    await _resolve(db, down)
    assert await db.alerts.open_rules(["everflow-down", "no-data"]) == set()


async def test_the_latest_observation_of_a_group_counts_resolved_alerts_too(db: Database) -> None:
    assert await db.alerts.latest_observation("default-lp") == ""
    await db.alerts.take(dict([seen("1", WEDNESDAY), seen("2", MONDAY)]), AT)
    await _resolve(db, seen("1")[0])
    assert await db.alerts.latest_observation("default-lp") == WEDNESDAY
    assert await db.alerts.latest_observation("paused-partner") == ""


async def test_recent_alerts_come_newest_change_first(db: Database) -> None:
    await db.alerts.take(dict(seen(str(number)) for number in range(4)), AT)
    for number in (2, 0, 3):
        await _resolve(db, seen(str(number))[0], hours=number + 1)

    async def recent(since: float, limit: int = 1000) -> list[str]:
        found: list[AlertRecord] = await db.alerts.recent(later(hours=since), limit=limit)
        return [alert.subject for alert in found]

    assert await recent(1) == ["3", "2", "0"]
    assert await recent(0) == ["3", "2", "0", "1"]
    assert await recent(0, limit=2) == ["3", "2"]


async def test_every_question_finds_an_index(db: Database) -> None:
    for query in (
        {"open": True},
        {"open": True, "group": "default-lp"},
        {"group": "default-lp", "observation": {"$type": "string"}},
        {"updatedAt": {"$gte": AT}},
        {"key": {"$in": [KEY]}},
    ):
        plan = await db.raw.alerts.find(query).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"]), query
