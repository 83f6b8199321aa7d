"""The messages the mail intake has read, and for a while those that need a person (SPEC G3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bson import Binary

from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.domain.intake.outcomes import KEPT, IntakeOutcome
from relance.domain.intake.records import IntakeLag, IntakeRecord, KeptMessage

RECORDS, KEPT_MESSAGES = "intakeMessages", "intakeKept"
EXPIRES = "expiresAt"
COUNTED = 10_000
LATELY = timedelta(hours=1)
_UNMATCHED = [IntakeOutcome.UNATTRIBUTED.value, IntakeOutcome.WRONG_RECIPIENT.value]


class MongoIntakeMessages:
    """`ports.mail_intake.IntakeMessages`; documents go at their `expiresAt` by themselves."""

    def __init__(self, database: MotorDatabase, quarantine: MongoQuarantine) -> None:
        self._records: Collection = database[RECORDS]
        self._kept: Collection = database[KEPT_MESSAGES]
        self._invitations: Collection = database.invitations
        self._reader = Reader(IntakeRecord, RECORDS, quarantine)

    async def record_of(self, digest: str) -> IntakeRecord | None:
        """Return the record of a message."""
        with translated("look up a message that was read"):
            return await self._reader.one(await self._records.find_one({"_id": digest}))

    async def record(self, record: IntakeRecord, keep_for: timedelta) -> None:
        """Record a message once; what was recorded first stays."""
        fields = to_raw(record)
        fields.pop("_id")
        with translated("record a message that was read"):
            await self._records.update_one(
                {"_id": record.digest}, {"$setOnInsert": {**fields, EXPIRES: record.at + keep_for}}, upsert=True
            )

    async def keep(self, message: KeptMessage, keep_for: timedelta) -> None:
        """Keep a message that could not be attributed."""
        fields: Raw = {
            "at": message.at,
            "raw": Binary(message.raw),
            "whole": message.whole,
            EXPIRES: message.at + keep_for,
        }
        with translated("keep a message"):
            await self._kept.update_one({"_id": message.digest}, {"$setOnInsert": fields}, upsert=True)

    async def kept(self, digest: str) -> KeptMessage | None:
        """Return a message that was kept."""
        with translated("read a message that was kept"):
            found = await self._kept.find_one({"_id": digest})
        if found is None:
            return None
        return KeptMessage(digest, found["at"], bytes(found["raw"]), bool(found.get("whole", True)))

    async def listed(self, outcomes: Sequence[str], after: str, limit: int) -> list[IntakeRecord]:
        """Return records with these outcomes (none: all of those kept), in order of digest, after one."""
        wanted = list(outcomes) or [kind.value for kind in KEPT]
        query = {"_id": {"$gt": after}, "outcome": {"$in": wanted}}
        with translated("list messages that were read"):
            raws = await self._records.find(query).sort("_id", 1).limit(limit).to_list(None)
        return await self._reader.valid(raws)

    async def beginning(self, digest: str) -> list[IntakeRecord]:
        """Return the records whose digests begin so, two at most."""
        query = {"_id": {"$gte": digest, "$lt": f"{digest}g"}}
        with translated("look up a message that was read"):
            raws = await self._records.find(query).sort("_id", 1).limit(2).to_list(None)
        return await self._reader.valid(raws)

    async def failures_of(self, invitation_ids: Sequence[str], since: datetime) -> list[IntakeRecord]:
        """Return the recorded failures of these invitations since an instant."""
        return await self._about(invitation_ids, since, {"class": {"$exists": True}})

    async def reports_of(self, invitation_ids: Sequence[str], since: datetime) -> list[IntakeRecord]:
        """Return everything that came back about these invitations since an instant."""
        return await self._about(invitation_ids, since, {})

    async def _about(self, invitation_ids: Sequence[str], since: datetime, wanted: Raw) -> list[IntakeRecord]:
        query = {"invitationId": {"$in": list(invitation_ids)}, "at": {"$gte": since}, **wanted}
        with translated("look up earlier reports"):
            raws = await self._records.find(query).limit(1_000).to_list(None)
        return await self._reader.valid(raws)

    async def lag(self, now: datetime) -> IntakeLag:
        """Return how far the intake is behind; counts no further than 10,000."""
        unmatched: list[Raw] = [
            {"$match": {"outcome": {"$in": _UNMATCHED}, "at": {"$type": "date"}}},
            {"$limit": COUNTED},
            {"$group": {"_id": None, "count": {"$sum": 1}, "oldest": {"$min": "$at"}}},
        ]
        lately: list[Raw] = [
            {"$match": {"at": {"$gte": now - LATELY}, "waited": {"$type": "number"}}},
            {"$group": {"_id": None, "longest": {"$max": "$waited"}}},
        ]
        with translated("look how far the mail intake is behind"):
            [found] = await self._records.aggregate(unmatched).to_list(1) or [{"count": 0, "oldest": None}]
            [waits] = await self._records.aggregate(lately).to_list(1) or [{"longest": 0}]
        return IntakeLag(found["count"], found["oldest"], timedelta(seconds=float(waits["longest"])))

    async def invitation_ids(self, period: str, after: str, limit: int) -> list[str]:
        """Return ids of the period's invitations, in order, after one."""
        query = {"_id": {"$gt": max(after, f"{period}."), "$lt": f"{period}/"}}
        with translated("list the ids of invitations"):
            raws = await self._invitations.find(query, {"_id": 1}).sort("_id", 1).limit(limit).to_list(None)
        return [raw["_id"] for raw in raws]
