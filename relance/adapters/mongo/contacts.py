"""The application's contacts; we write their status only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from relance.adapters.mongo.documents import Collection, Reader, either, projection
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.piecewise import read_each
from relance.adapters.mongo.quarantine import Quarantine
from relance.domain.people import Contact, ContactStatus

_FIELDS = projection(Contact)


class MongoContacts:
    """`ports.Contacts` over the collection `contacts`."""

    def __init__(self, collection: Collection, quarantine: Quarantine) -> None:
        self._collection = collection
        self._reader = Reader(Contact, "contacts", quarantine)

    async def of_users(self, user_ids: Sequence[str]) -> dict[str, list[Contact]]:
        """Return each user's valid contacts in order of id, by user id; invalid ones are quarantined."""
        query = {"userId": {"$in": either(user_ids)}}
        with translated("read the contacts of users"):
            raws = await read_each(
                self._collection, lambda some, fields: some.find(query, fields).sort("_id", 1), _FIELDS
            )
        result: dict[str, list[Contact]] = {user_id: [] for user_id in user_ids}
        for contact in await self._reader.valid(raws):
            result.setdefault(contact.user_id, []).append(contact)
        return result

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
