"""The stored alerts: the truth about what is wrong and who knows of it (SPEC A1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from relance.adapters.mongo import alert_writes
from relance.adapters.mongo.alert_writes import OPEN, AlertChange, Identity, stored
from relance.adapters.mongo.documents import Collection, Raw, Reader, to_raw
from relance.adapters.mongo.errors import NAME, only_duplicates, translated
from relance.adapters.mongo.piecewise import read_each
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import AlertRecord, HistoryEntry
from relance.domain.alerts.suppression import Silence
from relance.errors import DependencyUnavailable
from relance.ids import alert_id

# An alert with a full history is some 12 kB.
_CHUNK = 500
# Two checks, a workflow and a person at the same alert: each lost race means that one of them got ahead.
_RACES = 8
_SKEW = timedelta(minutes=1)
"""How far the clocks may be apart of who opens an alert and who records what happens to it."""


class MongoAlerts:
    """`ports.Alerts` over the collection `alerts`, unique over the key among the open ones."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(AlertRecord, "alerts", quarantine)

    async def take(self, conditions: Mapping[str, Condition], at: datetime) -> list[AlertRecord]:
        """Open or refresh an alert per key; return those that are open now. See `ports.Alerts`."""
        moment = alert_writes.milliseconds(at)
        result: list[AlertRecord] = []
        for keys in _chunks(conditions):
            result += await self._take({key: conditions[key] for key in keys}, moment)
        return result

    async def record(self, entries: Mapping[str, Sequence[HistoryEntry]]) -> None:
        """Apply what happened to the newest alert of each key and add it to its history, each entry once."""
        for keys in _chunks(entries):
            await self._apply({key: [AlertChange(entry) for entry in entries[key]] for key in keys})

    async def decide(
        self, keys: Sequence[str], entry: HistoryEntry, until: datetime | None = None
    ) -> list[AlertRecord]:
        """Acknowledge or silence the open alerts with these keys; return them as they are now."""
        result: list[AlertRecord] = []
        for some in _chunks(dict.fromkeys(keys)):
            result += await self._apply({key: [AlertChange(entry, until)] for key in some})
        return [alert for alert in result if alert.is_open]

    async def newest(self, keys: Sequence[str]) -> dict[str, AlertRecord]:
        """Return the newest alert of each of these keys, open or not."""
        result: dict[str, AlertRecord] = {}
        for some in _chunks(dict.fromkeys(keys)):
            result |= await self._newest(some)
        return result

    async def open(self, group: str | None = None) -> list[AlertRecord]:
        """Return the open alerts, of one group or of all, oldest first."""
        query: Raw = {OPEN: True} | ({"group": group} if group is not None else {})
        with translated("read the open alerts"):
            raws = await read_each(self._collection, lambda some, fields: some.find(query, fields), None)
        # Sorted here: the server would refuse beyond 100 MB.
        return sorted(await self._valid(raws), key=lambda alert: (alert.fired_at, alert.key))

    async def open_rules(self, rules: Sequence[str]) -> set[str]:
        """Return those of these rules that have an open alert."""
        # By the key, which begins with the rule: asked at every firing, also while thousands are open.
        keys = [re.compile(f"^{re.escape(rule)}/") for rule in rules]
        with translated("look for open rules"):
            return set(await self._collection.distinct("rule", {OPEN: True, "key": {"$in": keys}}))

    async def latest_observation(self, group: str) -> str:
        """Return the latest observation any alert of the group was seen by; empty if there is none."""
        query = {"group": group, "observation": {"$type": "string"}}
        with translated("find the latest observation"):
            found = await self._collection.find_one(query, {"_id": 0, "observation": 1}, sort=[("observation", -1)])
        return str(found["observation"]) if found else ""

    async def recent(self, since: datetime, *, limit: int = 1000) -> list[AlertRecord]:
        """Return the alerts that changed since then, newest change first."""
        with translated("read recent alerts"):
            found = self._collection.find({"updatedAt": {"$gte": since}}).sort("updatedAt", -1)
            raws = await found.limit(limit).to_list(None)
        return await self._valid(raws)

    async def _take(self, conditions: Mapping[str, Condition], at: datetime) -> list[AlertRecord]:
        for _ in range(_RACES):
            newest = await self._newest(conditions)
            taken: list[AlertRecord] = []
            opened: list[AlertRecord] = []
            writes: list[UpdateOne | None] = []
            for key, sighting in conditions.items():
                alert = newest.get(key)
                if alert is not None and _overtaken(sighting, alert):
                    continue
                if alert is None or not alert.is_open:
                    opened.append(sighting.opened(alert_id(key, at), key, at))
                    taken.append(opened[-1])
                else:
                    taken.append(sighting.seen_again(alert))
                    writes.append(alert_writes.refresh(alert, taken[-1]))
            if await self._wrote(writes, opened):
                return taken
        raise _contended(len(conditions))

    async def _apply(self, changes: Mapping[str, Sequence[AlertChange]]) -> list[AlertRecord]:
        for _ in range(_RACES):
            newest = await self._newest(changes)
            new = {key: alert_writes.new_changes(alert, changes[key]) for key, alert in newest.items()}
            earlier = await self._earlier(newest, new)
            chains = {
                key: alert_writes.applied(
                    newest[key],
                    [
                        addition
                        for addition in those
                        if alert_writes.identity(addition.entry) not in earlier.get(key, ())
                    ],
                )
                for key, those in new.items()
            }
            writes = [alert_writes.progress(newest[key], chain[0]) for key, chain in chains.items()]
            if await self._wrote(writes, [alert for chain in chains.values() for alert in chain[1:]]):
                return [chain[-1] for chain in chains.values()]
        raise _contended(len(changes))

    async def _wrote(self, writes: Iterable[UpdateOne | None], opened: Sequence[AlertRecord]) -> bool:
        """Write; return False if somebody got ahead anywhere, so that all of it has to be looked at again."""
        updates = [write for write in writes if write is not None]
        with translated("write alerts"):
            if updates:
                result = await self._collection.bulk_write(updates, ordered=False)
                # What opens next may rest on an update that did not happen.
                if result.matched_count < len(updates):
                    return False
            if opened:
                try:
                    await self._collection.insert_many([stored(alert) for alert in opened], ordered=False)
                except BulkWriteError as error:
                    if not only_duplicates(error):
                        raise
                    return False
        return True

    async def _newest(self, keys: Iterable[str]) -> dict[str, AlertRecord]:
        stages: list[Raw] = [
            {"$match": {"key": {"$in": list(keys)}}},
            # The open one first, whatever the clocks of those who opened them said.
            {"$sort": {"key": -1, OPEN: -1, "firedAt": -1}},
            {"$group": {"_id": "$key", "newest": {"$first": "$$ROOT"}}},
            {"$replaceRoot": {"newRoot": "$newest"}},
        ]
        with translated("read the newest alerts"):
            raws = await self._collection.aggregate(stages).to_list(None)
        found = {alert.key: alert for alert in await self._valid(raws)}
        spoilt = [raw["_id"] for raw in raws if raw["key"] not in found]
        return found | await self._instead_of(spoilt, [raw["key"] for raw in raws]) if spoilt else found

    async def _instead_of(self, spoilt: Sequence[str], keys: Sequence[str]) -> dict[str, AlertRecord]:
        """Return the newest valid alerts of these keys; an invalid one no longer keeps its key from being opened."""
        with translated("read past invalid alerts"):
            await self._collection.update_many({"_id": {"$in": list(spoilt)}, OPEN: True}, {"$unset": {OPEN: ""}})
            found = self._collection.find({"key": {"$in": list(keys)}, "_id": {"$nin": list(spoilt)}})
            raws = await found.sort([(OPEN, 1), ("firedAt", 1)]).to_list(None)
        return {alert.key: alert for alert in await self._valid(raws)}

    async def _earlier(
        self, newest: Mapping[str, AlertRecord], changes: Mapping[str, Sequence[AlertChange]]
    ) -> dict[str, set[Identity]]:
        """Return what is recorded of alerts before the newest: repeated, it must not happen to the newest one."""
        doubtful = {
            key: min(change.entry.at for change in those)
            for key, those in changes.items()
            if any(change.entry.at <= newest[key].fired_at + _SKEW for change in those)
        }
        if not doubtful:
            return {}
        query = {
            "key": {"$in": list(doubtful)},
            "updatedAt": {"$gte": min(doubtful.values())},
            "_id": {"$nin": [newest[key].id for key in doubtful]},
        }
        with translated("read earlier alerts"):
            raws = await self._collection.find(query).to_list(None)
        result: dict[str, set[Identity]] = {}
        for alert in await self._valid(raws):
            result.setdefault(alert.key, set()).update(alert_writes.identities([alert]))
        return result

    async def _valid(self, raws: Sequence[Raw]) -> list[AlertRecord]:
        for raw in raws:
            raw.pop(OPEN, None)
        return await self._reader.valid(raws)


def _overtaken(sighting: Condition, alert: AlertRecord) -> bool:
    if not sighting.observation:
        return False
    if alert.is_open:
        return alert.observation > sighting.observation
    return alert.observation >= sighting.observation


def _chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    every = list(keys)
    for start in range(0, len(every), _CHUNK):
        yield every[start : start + _CHUNK]


def _contended(count: int) -> DependencyUnavailable:
    return DependencyUnavailable(NAME, f"{count} alerts keep changing")


class MongoSilences:
    """`ports.Silences` over the collection `silences`."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(Silence, "silences", quarantine)

    async def add(self, silence: Silence) -> None:
        """Store a silence."""
        with translated("store a silence"):
            await self._collection.replace_one({"_id": silence.id}, to_raw(silence), upsert=True)

    async def end(self, ids: Sequence[str], at: datetime, by: str) -> None:
        """End these silences now if they hold; they stay stored, with who took them back."""
        with translated("end silences"):
            await self._collection.update_many(
                {"_id": {"$in": list(ids)}, "startsAt": {"$lt": at}, "endsAt": {"$gt": at}},
                {"$set": {"endsAt": at, "endedBy": by}},
            )

    async def active(self, now: datetime) -> list[Silence]:
        """Return the silences that hold now, the one that ends first at the front."""
        with translated("read silences"):
            holding = {"endsAt": {"$gt": now}, "startsAt": {"$lte": now}}
            raws = await read_each(
                self._collection, lambda some, fields: some.find(holding, fields).sort("endsAt", 1), None
            )
        return await self._reader.valid(raws)
