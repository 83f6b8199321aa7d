"""The fingerprints of this installation's keys: one document, so that its changes are decided one after the other."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.mailbox_slots import SLOTS
from relance.adapters.mongo.suppressions import KEPT
from relance.domain.keys import KeyRegister
from relance.ports.keys import KeyUse

_ID = "keys"


class MongoInstalledKeys:
    """`ports.keys.InstalledKeys` over the collection `installation`."""

    def __init__(self, database: MotorDatabase) -> None:
        self._collection: Collection = database.installation
        self._suppressions: Collection = database.suppressions
        self._entries: Collection = database.invitations
        self._kept: Collection = database[KEPT]
        self._slots: Collection = database[SLOTS]

    async def read(self) -> KeyRegister:
        """Return what is on record; empty for a new installation."""
        with translated("read the record of the keys"):
            raw = await self._collection.find_one({"_id": _ID}) or {}
        return KeyRegister(_listed(raw.get("known")), _listed(raw.get("retired")))

    async def record(self, before: KeyRegister, after: KeyRegister) -> bool:
        """Replace what is on record; False when somebody else has changed it meanwhile, and nothing was done."""
        with translated("record a key"):
            if not before.known:
                try:
                    await self._collection.insert_one({"_id": _ID, **_raw(after)})
                except DuplicateKeyError:
                    return False
                return True
            result = await self._collection.replace_one({"_id": _ID, **_raw(before)}, _raw(after))
        return result.matched_count == 1

    async def use(self) -> KeyUse:
        """Count what was written under each suppression key, without an index: only people ask, and seldom."""
        with translated("count what was written with each key"):
            opt_outs = await _counts(self._suppressions, [], "$key")
            written = await _counts(self._entries, _EACH_MAILBOX, _key_in("$mailboxes"))
            kept = await _counts(self._kept, _EACH_MAILBOX, _key_in("$mailboxes"))
            found_by = await _counts(self._kept, [], _key_in("$_id"))
            periods = await _counts(self._slots, [{"$match": {"key": {"$exists": True}}}], "$key")
        unmarked = opt_outs.pop(None, 0)
        named = {str(key): count for key, count in opt_outs.items()}
        return KeyUse(
            named, {str(key): count for key, count in (written + kept + found_by + periods).items()}, unmarked
        )


_EACH_MAILBOX: list[Raw] = [{"$match": {"mailboxes": {"$exists": True}}}, {"$unwind": "$mailboxes"}]


def _key_in(digest: str) -> Raw:
    return {"$arrayElemAt": [{"$split": [digest, ":"]}, 0]}


async def _counts(collection: Collection, stages: list[Raw], key: str | Raw) -> Counter[str | None]:
    groups = await collection.aggregate([*stages, {"$group": {"_id": key, "count": {"$sum": 1}}}]).to_list(None)
    return Counter({group["_id"]: group["count"] for group in groups})


def _listed(raw: Any) -> dict[str, tuple[str, ...]]:
    return {setting: tuple(keys) for setting, keys in (raw or {}).items()}


def _raw(register: KeyRegister) -> Raw:
    return {
        "known": {setting: list(keys) for setting, keys in sorted(register.known.items())},
        "retired": {setting: list(keys) for setting, keys in sorted(register.retired.items())},
    }
