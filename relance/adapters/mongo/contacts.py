"""The application's contacts; we write their status only.

An address book has no end that we know of: of each user the first contacts in order of `_id` are read, as many as the
limit says, and the rest is counted. The order is the server's, so that the same ones are taken every month, as long as
none of them is deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from relance.adapters.mongo.documents import Collection, Raw, Reader, either, projection
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.piecewise import read_each
from relance.adapters.mongo.quarantine import Quarantine
from relance.concurrency import STEP
from relance.domain.bounds import CONTACTS_PER_USER
from relance.domain.people import Contact, ContactStatus
from relance.ports import StatusChange

_FIELDS = projection(Contact)
_TOGETHER = 2500
"""Contacts read by one command; of users who have more, each user's are read for themselves."""


class MongoContacts:
    """`ports.Contacts` over the collection `contacts`."""

    def __init__(self, collection: Collection, quarantine: Quarantine, per_user: int = CONTACTS_PER_USER) -> None:
        self.per_user = per_user
        self._collection = collection
        self._reader = Reader(Contact, "contacts", quarantine)

    async def of_users(self, user_ids: Sequence[str]) -> dict[str, list[Contact]]:
        """Return each user's first contacts in order of id, by user id; invalid ones are quarantined."""
        raws = await self._first(user_ids, _TOGETHER + 1)
        own = _by_user(raws)
        if len(raws) > _TOGETHER:
            own = {user_id: await self._first([user_id], self.per_user) for user_id in user_ids}
        result: dict[str, list[Contact]] = {user_id: [] for user_id in user_ids}
        for user_id, found in own.items():
            # What names no user of these, or cannot be decoded, is nobody's: it is only set aside.
            looked_at = found[: self.per_user] if user_id in result else found
            for start in range(0, len(looked_at), STEP):
                for contact in await self._reader.valid(looked_at[start : start + STEP]):
                    result.setdefault(contact.user_id, []).append(contact)
                await asyncio.sleep(0)
        return result

    async def sizes(self, user_ids: Sequence[str]) -> dict[str, int]:
        """Return how many contacts each user has, readable or not, in the order of the users."""
        stages: list[Raw] = [
            {"$match": {"userId": {"$in": either(user_ids)}}},
            # Out of the index alone.
            {"$group": {"_id": "$userId", "count": {"$sum": 1}}},
        ]
        with translated("count the contacts of users"):
            groups = await self._collection.aggregate(stages).to_list(None)
        result = dict.fromkeys(user_ids, 0)
        for group in groups:
            # A list of ids is found by each of them, and is none.
            if (user_id := str(group["_id"])) in result:
                result[user_id] += group["count"]
        return result

    async def is_beyond(self, contact: Contact) -> bool:
        """Tell whether a contact is not among the first of its user."""
        own: Raw = {"userId": {"$in": either([contact.user_id])}}
        with translated("look whether a contact is among the first of its user"):
            edge = self._collection.find(own, {"_id": 1}).sort("_id", 1).skip(self.per_user - 1).limit(1)
            for last in await edge.to_list(None):
                # Of another type than the last one, it comes before or after all of that type.
                found = await self._collection.find({"_id": {"$in": either([contact.id])}}, {"_id": 1}).to_list(None)
                return any(_place(raw["_id"]) > _place(last["_id"]) for raw in found)
        return False

    async def _first(self, user_ids: Sequence[str], most: int) -> list[Raw]:
        query = {"userId": {"$in": either(user_ids)}}
        with translated("read the contacts of users"):
            return await read_each(
                self._collection, lambda some, fields: some.find(query, fields).sort("_id", 1).limit(most), _FIELDS
            )

    async def count_of_users(self, user_ids: Sequence[str]) -> int:
        """Count the contacts of these users, whatever they are like."""
        with translated("count the contacts of users"):
            return await self._collection.count_documents({"userId": {"$in": either(user_ids)}})

    async def by_ids(self, ids: Sequence[str]) -> dict[str, Contact]:
        """Return the valid contacts among these, by id."""
        query = {"_id": {"$in": either(ids)}}
        with translated("read contacts"):
            raws = await read_each(self._collection, lambda some, fields: some.find(query, fields), _FIELDS)
        return {contact.id: contact for contact in await self._reader.valid(raws)}

    async def set_status(
        self, contact_id: str, status: ContactStatus, reason: str, at: datetime, *, address: str | None = None
    ) -> bool:
        """Set a contact's status; return whether it was another one before. With an address only while it is his."""
        same = {"email": address} if address is not None else {}
        with translated("set a contact's status"):
            result = await self._collection.update_one(
                {"_id": {"$in": either([contact_id])}, "status": {"$ne": status.value}, **same},
                {"$set": {"status": status.value, "statusReason": reason, "statusAt": at}},
            )
        return result.matched_count == 1

    async def set_statuses(self, changes: Sequence[StatusChange]) -> None:
        """Set the status of several contacts, each at most once, in one durable round trip."""
        writes = [
            UpdateOne(
                {
                    "_id": {"$in": either([one.contact_id])},
                    "status": {"$ne": one.status.value},
                    **({"email": one.address} if one.address is not None else {}),
                },
                {"$set": {"status": one.status.value, "statusReason": one.reason, "statusAt": one.at}},
            )
            for one in changes
        ]
        if writes:
            with translated("set the status of contacts"):
                await self._collection.bulk_write(writes, ordered=False)


def _by_user(raws: Sequence[Raw]) -> dict[str, list[Raw]]:
    result: dict[str, list[Raw]] = {}
    for raw in raws:
        result.setdefault(str(raw.get("userId")), []).append(raw)
    return result


def _place(stored_id: Any) -> tuple[bool, str]:
    # The server has every string before every ObjectId.
    return isinstance(stored_id, ObjectId), str(stored_id)
