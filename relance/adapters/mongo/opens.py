"""Openings of mails, apart from the ledger so that they can be deleted: collection `opens`, one per invitation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw
from relance.adapters.mongo.errors import translated
from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.invitations.open_kinds import OpenKind

_FIRST = {OpenKind.PERSON: "personAt", OpenKind.MACHINE: "machineAt"}


class MongoOpens:
    """`ports.Opens`; a document has ids and instants alone, and is deleted 180 days after the first opening."""

    def __init__(self, database: MotorDatabase) -> None:
        self._collection: Collection = database.opens
        self._invitations: Collection = database.invitations

    async def record(self, invitation_id: str, contact_id: str, kind: OpenKind, at: datetime) -> None:
        """Record an opening; of each kind the first stays."""
        update: Raw = {"$min": {_FIRST[kind]: at}, "$setOnInsert": {"contactId": contact_id, "at": at}}
        with translated("record an opening"):
            try:
                await self._collection.update_one({"_id": invitation_id}, update, upsert=True)
            except DuplicateKeyError:
                # Inserted in the same moment: now it is found.
                await self._collection.update_one({"_id": invitation_id}, update)

    async def contacts(self, after: str, limit: int) -> list[str]:
        """Return contacts of whom openings are recorded, with an id above `after`, in order."""
        wanted = {"contactId": {"$gt": after}}
        with translated("read whose openings are recorded"):
            # Not grouped: that would read the whole rest of the collection for each page.
            found = self._collection.find(wanted, {"_id": 0, "contactId": 1}).sort("contactId", 1).limit(limit)
            return [*dict.fromkeys([raw["contactId"] for raw in await found.to_list(None)])]

    async def forget(self, contact_ids: Sequence[str]) -> int:
        """Delete what is recorded of these contacts' openings, also in the ledger; return of how many invitations."""
        with translated("forget openings"):
            found = await self._collection.find({"contactId": {"$in": list(contact_ids)}}, {"_id": 1}).to_list(None)
            ids = [raw["_id"] for raw in found]
            if ids:
                # First the ledger: a process that dies in between finds the same documents again.
                await self._invitations.bulk_write([*_unopened(ids)])
                await self._collection.delete_many({"_id": {"$in": ids}})
        return len(ids)


def _unopened(ids: Sequence[str]) -> list[UpdateOne]:
    return [
        write
        for invitation_id in ids
        for write in (
            UpdateOne(
                {"_id": invitation_id, "status": InvitationStatus.OPENED.value},
                {"$set": {"status": InvitationStatus.SENT.value}},
            ),
            UpdateOne({"_id": invitation_id, "openedAt": {"$exists": True}}, {"$unset": {"openedAt": ""}}),
        )
    ]
