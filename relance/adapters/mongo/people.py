"""The application's users and contacts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from relance.adapters.mongo.documents import Collection, Raw, Reader, either, projection
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.piecewise import Fields, read_each
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.adapters.mongo.raw_ids import is_encodable
from relance.concurrency import STEP
from relance.domain.invitations.bounds import CONTACTS_PER_USER
from relance.domain.invitations.people import Contact, ContactStatus, User
from relance.ports import Page, StatusChange

_USER_FIELDS = projection(User)

# MongoDB compares values of one type only, so a keyset scan goes type by type, in the order of a sort over all of them:
# strings before ObjectIds. Ids of any other type are no ids of ours: they come last and all end in quarantine.
_STRINGS = "string"
_OBJECT_IDS = "objectId"
_OTHERS = [
    "number",
    "object",
    "array",
    "binData",
    "bool",
    "date",
    "null",
    "symbol",
    "javascript",
    "javascriptWithScope",
    "dbPointer",
    "timestamp",
    "minKey",
    "maxKey",
]


class MongoUsers:
    """`ports.Users` over the collection `users`."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(User, "users", quarantine)

    async def pages(self, *, after: str | None = None, size: int = 500) -> AsyncIterator[Page[User]]:
        """Yield every valid user in order of id, strings before ObjectIds, after the given id.

        24 hex digits in `after` may mean either type; the users say which. If that user is gone, all ObjectIds are
        yielded once more rather than some never.
        """
        resume_in_object_ids = after is not None and await self._is_object_id(after)
        if not resume_in_object_ids:
            async for page in self._bracket(_STRINGS, after, size):
                yield page
        start = ObjectId(after) if resume_in_object_ids else None
        async for page in self._bracket(_OBJECT_IDS, start, size):
            yield page
        if await self._has(_OTHERS):
            for kind in _OTHERS:
                async for page in self._bracket(kind, None, size):
                    yield page

    async def by_ids(self, ids: Sequence[str]) -> dict[str, User]:
        """Return the valid users among these, by id."""
        query = {"_id": {"$in": either(ids)}}
        with translated("read users"):
            raws = await read_each(self._collection, lambda some, fields: some.find(query, fields), _USER_FIELDS)
        return {user.id: user for user in await self._reader.valid(raws)}

    async def _is_object_id(self, text: str) -> bool:
        if not ObjectId.is_valid(text):
            return False
        with translated("find where to go on"):
            found = await self._collection.find({"_id": {"$in": either([text])}}, {"_id": 1}).to_list(None)
        return [raw["_id"] for raw in found] == [ObjectId(text)]

    async def _has(self, types: list[str]) -> bool:
        with translated("look for ids of other types"):
            return await self._collection.count_documents({"_id": {"$type": types}}, limit=1) > 0

    async def _bracket(self, kind: str, after: Any, size: int) -> AsyncIterator[Page[User]]:
        last, skipped = after, 0
        while True:
            bounds: Raw = {"$type": kind} if last is None else {"$type": kind, "$gt": last}

            def page(some: Any, fields: Fields, bounds: Raw = bounds, skipped: int = skipped) -> Any:
                found = some.find({"_id": bounds}, fields).sort("_id", 1).limit(size)
                return found.skip(skipped) if skipped else found

            with translated("read a page of users"):
                raws = await read_each(self._collection, page, _USER_FIELDS)
            if not raws:
                return
            # An id that cannot be sent cannot be asked about: the scan goes on from the last one that can.
            known = [place for place, raw in enumerate(raws) if is_encodable(raw["_id"])]
            if known:
                last, skipped = raws[known[-1]]["_id"], 0
            skipped += len(raws) - (known[-1] + 1 if known else 0)
            users = await self._reader.valid(raws)
            yield Page(items=users, last_id="" if last is None else str(last), quarantined=len(raws) - len(users))


_CONTACT_FIELDS = projection(Contact)
_TOGETHER = 2500
"""Contacts read by one command; of users who have more, each user's are read for themselves."""


class MongoContacts:
    """`ports.Contacts` over the collection `contacts`."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine, per_user: int = CONTACTS_PER_USER) -> None:
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
        """Return whether a contact is not among the first of its user."""
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
                self._collection,
                lambda some, fields: some.find(query, fields).sort("_id", 1).limit(most),
                _CONTACT_FIELDS,
            )

    async def count_of_users(self, user_ids: Sequence[str]) -> int:
        """Count the contacts of these users, whatever they are like."""
        with translated("count the contacts of users"):
            return await self._collection.count_documents({"userId": {"$in": either(user_ids)}})

    async def by_ids(self, ids: Sequence[str]) -> dict[str, Contact]:
        """Return the valid contacts among these, by id."""
        query = {"_id": {"$in": either(ids)}}
        with translated("read contacts"):
            raws = await read_each(self._collection, lambda some, fields: some.find(query, fields), _CONTACT_FIELDS)
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
                    "_id": {"$in": either([change.contact_id])},
                    "status": {"$ne": change.status.value},
                    **({"email": change.address} if change.address is not None else {}),
                },
                {"$set": {"status": change.status.value, "statusReason": change.reason, "statusAt": change.at}},
            )
            for change in changes
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
