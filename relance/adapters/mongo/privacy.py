"""What is kept about one person, and the records of who was forgotten (SPEC section 13)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo.errors import BulkWriteError

from relance.adapters.mailbox_digests import MailboxDigests
from relance.adapters.mongo.anonymising import ANONYMISERS, Named, names
from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw, Reader, projection, to_raw, with_text_ids
from relance.adapters.mongo.errors import only_duplicates, translated
from relance.adapters.mongo.person_closing import PersonClosing
from relance.adapters.mongo.person_stores import compensation_ids, stores_of
from relance.adapters.mongo.person_traces import PersonFinder, PersonTraces, by_ids, chunks, found_by
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.adapters.mongo.ranges import Ranges
from relance.adapters.mongo.suppressions import MongoSuppressions
from relance.domain.invitations.people import Contact, User
from relance.domain.privacy.person import Erasure, Person, PersonScope
from relance.domain.quarantine import is_over
from relance.ports.privacy import PersonEntry, PersonLookup

_APPLICATION = {"contacts": Contact, "users": User}
_MASKED = ("_id", "userId", "contactId", "documentId", "invitation", "invitationId", "messageId", "named", "user")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")


class MongoPersonData:
    """`ports.PersonData` over every collection."""

    def __init__(
        self, database: MotorDatabase, digests: MailboxDigests, suppressions: MongoSuppressions, ranges: Ranges
    ) -> None:
        self._database = database
        self._digests = digests
        self._suppressions = suppressions
        self._finder = PersonFinder(database, digests, ranges)
        self._stores = stores_of(database, digests, self._finder)
        self._closing = PersonClosing(database, suppressions)

    async def of_contact(self, contact_id: str) -> PersonLookup:
        """Return who a contact is; the mailboxes are the one of the record and those that were written to."""
        with translated("look a contact up"):
            raw = await self._database.contacts.find_one(by_ids([contact_id]), {"email": 1})
            person = Person(PersonScope.CONTACT, frozenset({contact_id}))
            traces = await self._finder.traces(person)
        boxes = dict.fromkeys([*self._mailboxes(raw), *sorted(box for box, _ in traces.invited)])
        person = Person(PersonScope.CONTACT, person.contacts, mailboxes=tuple(boxes))
        named = self._digests.of_person("contact", contact_id)
        return PersonLookup(person, named, (*named, *boxes))

    async def of_user(self, user_id: str) -> PersonLookup:
        """Return who a user is: nobody is written to at his address for that."""
        with translated("look a user up"):
            raw = await self._database.users.find_one(by_ids([user_id]), {"email": 1, "status": 1})
        person = Person(PersonScope.USER, users=frozenset({user_id}))
        named = self._digests.of_person("user", user_id)
        return PersonLookup(person, named, (*named, *self._mailboxes(raw)), (user_id,) if _is_active(raw) else ())

    async def of_address(self, address: str) -> PersonLookup:
        """Return everybody with a mailbox, however its address is written."""
        boxes = self._digests.of(address)
        with translated("look an address up"):
            contacts = await self._finder.with_address("contacts", address)
            users = await self._finder.with_address("users", address)
            invited = await self._finder.invited_at(boxes)
        person = Person(
            PersonScope.ADDRESS,
            frozenset({str(raw["_id"]) for raw in contacts} | invited),
            frozenset(str(raw["_id"]) for raw in users),
            boxes,
        )
        return PersonLookup(person, boxes, boxes, tuple(str(raw["_id"]) for raw in users if _is_active(raw)))

    async def survey(self, person: Person) -> Mapping[str, int]:
        """Count what there is, by store."""
        return {name: len(raws) for name, raws in (await self._found(person))[1].items()}

    async def documents(self, person: Person) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return what there is, by store, the ids of others masked."""
        traces, found = await self._found(person)
        masks = {other: f"other-{number}" for number, other in enumerate(sorted(traces.others), start=1)}
        return {name: [_masked(raw, masks) for raw in raws] for name, raws in found.items()}

    async def entries(self, person: Person) -> Sequence[PersonEntry]:
        """Return the invitations that still bear names."""
        with translated("read a person's invitations"):
            traces = await self._finder.traces(person)
        return [PersonEntry(raw["_id"], raw["period"], str(raw["userId"])) for raw in traces.entries]

    async def close(self, person: Person, at: datetime) -> int:
        """Suppress the mailboxes and cancel what waits; return how much is being sent just now."""
        with translated("keep a person from being written to"):
            return await self._closing.close(await self._finder.traces(person), at)

    async def erase(self, person: Person, key: str, at: datetime) -> None:
        """Delete or make anonymous everything, ledger and plans last: by them the rest is found."""
        named = names(bytes.fromhex(key))
        with translated("forget a person"):
            traces = await self._finder.traces(person)
            kept = await self._present(traces)
            for store in self._stores:
                raws = [raw async for raw in store.find(traces)]
                await store.forget(raws, traces, named)
            for name, ids in self._own(traces).items():
                raws = [raw async for raw in found_by(self._database[name], "_id", ids)]
                for some in chunks(raws):
                    await self._rename(name, some, kept, named, at)

    async def _rename(self, name: str, raws: Sequence[Raw], kept: set[str], named: Named, at: datetime) -> None:
        """Put anonymous documents in the place of these; what the application still names keeps its id for now."""
        collection = self._database[name]
        if name == "invitations":
            # First: from the anonymous entry nobody could tell any more which invitation it was.
            await self._suppressions.keep(raws)
        gone = [raw for raw in raws if not self._is_named(raw, kept, at)]
        here = [raw for raw in raws if self._is_named(raw, kept, at)]
        try:
            if gone:
                await collection.insert_many([ANONYMISERS[name](raw, named) for raw in gone], ordered=False)
        except BulkWriteError as error:
            # They are there: an earlier attempt died before it could delete the others.
            if not only_duplicates(error):
                raise
        if gone:
            await collection.delete_many({"_id": {"$in": [raw["_id"] for raw in gone]}}, hint="_id_")
        for raw in here:
            bare = {**ANONYMISERS[name](raw, _same), "_id": raw["_id"]}
            bare.pop("anonymous")
            await collection.replace_one({"_id": raw["_id"]}, bare)

    def _is_named(self, raw: Raw, kept: set[str], at: datetime) -> bool:
        # Without the entry the cycle would enter a contact that it still finds in the address book once more.
        if is_over(str(raw.get("period")), at):
            return False
        return not kept.isdisjoint(str(raw["documentId"] if "documentId" in raw else raw["_id"]).split(".")[1:])

    async def _present(self, traces: PersonTraces) -> set[str]:
        """Return which of the person's ids the application still has."""
        result: set[str] = set()
        for name, ids in (("contacts", traces.person.contacts), ("users", traces.person.users)):
            raws = await self._database[name].find(by_ids(ids), {"_id": 1}).to_list(None)
            result |= {str(raw["_id"]) for raw in raws}
        return result

    async def _found(self, person: Person) -> tuple[PersonTraces, dict[str, list[Raw]]]:
        with translated("look through the stores"):
            traces = await self._finder.traces(person)
            found: dict[str, list[Raw]] = {}
            for name, ids in (("users", person.users), ("contacts", person.contacts)):
                wanted = projection(_APPLICATION[name])
                raws = await self._database[name].find(by_ids(ids), wanted).to_list(None)
                found[name] = [with_text_ids(raw) for raw in raws]
            for name, own in self._own(traces).items():
                found[name] = [raw async for raw in found_by(self._database[name], "_id", own)]
            for store in self._stores:
                found[store.name] = [raw async for raw in store.find(traces)]
        return traces, found

    def _own(self, traces: PersonTraces) -> dict[str, Sequence[str]]:
        return {
            "compensations": compensation_ids(traces),
            "invitations": traces.entry_ids,
            "plans": traces.plans,
        }

    def _mailboxes(self, raw: Raw | None) -> tuple[str, ...]:
        address = raw.get("email") if raw is not None else None
        return self._digests.of(address) if isinstance(address, str) and address.strip() else ()


class MongoErasures:
    """`ports.Erasures` over the collection `erasures`."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(Erasure, "erasures", quarantine)

    async def begin(self, erasure: Erasure) -> None:
        """Write a record."""
        with translated("record that a person is to be forgotten"):
            await self._collection.insert_one(to_raw(erasure))

    async def get(self, erasure_id: str) -> Erasure | None:
        """Return a record."""
        with translated("read the record of an erasure"):
            return await self._reader.one(await self._collection.find_one({"_id": erasure_id}))

    async def about(self, subject: Sequence[str]) -> list[Erasure]:
        """Return the records that bear one of these digests, newest first."""
        return await self._page({"subject": {"$in": list(subject)}}, 100)

    async def listed(self, limit: int) -> list[Erasure]:
        """Return the newest records."""
        return await self._page({}, limit)

    async def unfinished(self, before: datetime) -> list[Erasure]:
        """Return records begun before an instant whose work is not done."""
        return await self._page({"work": {"$exists": True}, "at": {"$lt": before}}, 1_000)

    async def note_found(self, erasure_id: str, found: Mapping[str, int]) -> None:
        """Note how much there is, once."""
        with translated("record what there is of a person"):
            await self._collection.update_one(
                {"_id": erasure_id, "found": {"$exists": False}}, {"$set": {"found": dict(found)}}
            )

    async def finish(self, erasure_id: str, at: datetime) -> None:
        """Note when everything was done."""
        with translated("record that a person is forgotten"):
            await self._collection.update_one(
                {"_id": erasure_id, "doneAt": {"$exists": False}}, {"$set": {"doneAt": at}}
            )

    async def drop_work(self, erasure_id: str) -> None:
        """Forget whom it was about, and the key."""
        with translated("forget whom an erasure was about"):
            await self._collection.update_one({"_id": erasure_id}, {"$unset": {"work": ""}})

    async def _page(self, query: Raw, limit: int) -> list[Erasure]:
        with translated("read the records of erasures"):
            raws = await self._collection.find(query).sort("at", -1).limit(limit).to_list(None)
        return await self._reader.valid(raws)


def _same(text: str) -> str:
    return text


def _is_active(raw: Raw | None) -> bool:
    # As the model reads it: null is a missing field, and a user without a status is active.
    return raw is not None and raw.get("status") in ("active", None)


def _masked(value: Any, masks: Mapping[str, str], *, masking: bool = False) -> Any:
    if isinstance(value, dict):
        return {name: _masked(item, masks, masking=name in _MASKED) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, masks, masking=masking) for item in value]
    if isinstance(value, str) and masking:
        return _TOKEN.sub(lambda match: masks.get(match[0], match[0]), value)
    return value
