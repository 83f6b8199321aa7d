"""Stores in which a person's id is replaced, because the documents go on counting (SPEC section 13)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from pymongo import UpdateOne

from relance.adapters.mongo.anonymising import Named
from relance.adapters.mongo.documents import Collection, Raw
from relance.adapters.mongo.person_traces import PersonTraces, chunks, found_by
from relance.ids import invitation_id

_MOST_SLOTS = 64
_FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class MailboxSlotsOf:
    """Slots that the person's invitations hold: they go on counting, under an anonymous name."""

    collection: Collection

    @property
    def name(self) -> str:
        """The collection."""
        return self.collection.name

    async def find(self, traces: PersonTraces) -> AsyncIterator[Raw]:
        """Yield the slots."""
        ids, own = [], set(traces.entry_ids)
        for raw in traces.entries:
            boxes = [box for box in raw.get("mailboxes") or [] if isinstance(box, str)]
            ids += [f"{raw['period']}.{box}.{number}" for box in boxes for number in range(_MOST_SLOTS)]
        async for raw in found_by(self.collection, "_id", ids):
            if raw.get("invitation") in own:
                yield raw

    async def forget(self, raws: Sequence[Raw], traces: PersonTraces, named: Named) -> None:
        """Rename the invitations as the ledger will."""
        writes = []
        for raw in raws:
            period, user, contact = str(raw["invitation"]).split(".")
            new = invitation_id(period, named(user), named(contact))
            writes.append(UpdateOne({"_id": raw["_id"]}, {"$set": {"invitation": new}}))
        for some in chunks(writes):
            await self.collection.bulk_write(list(some), ordered=False)


@dataclass(frozen=True, slots=True)
class InboxAnswers:
    """Answers to the application's messages, which quote the ids of invitations: those are replaced."""

    collection: Collection

    @property
    def name(self) -> str:
        """The collection."""
        return self.collection.name

    async def find(self, traces: PersonTraces) -> AsyncIterator[Raw]:
        """Yield when which ids were named; not the answer, which names others."""
        for pattern in _quoted(traces):
            async for raw in self.collection.find({"answer": {"$regex": pattern}}, {"answer": 1, "at": 1}):
                named = sorted({match[0] for match in re.finditer(pattern, raw["answer"])})
                yield {"_id": raw["_id"], "at": raw["at"], "named": named}

    async def forget(self, raws: Sequence[Raw], traces: PersonTraces, named: Named) -> None:
        """Replace the ids."""
        for raw in raws:
            stored = await self.collection.find_one({"_id": raw["_id"]})
            if stored is None:
                continue
            answer = stored["answer"]
            for pattern in _quoted(traces):
                answer = re.sub(pattern, _FORGOTTEN, answer)
            query = {"_id": raw["_id"], "answer": stored["answer"]}
            await self.collection.update_one(query, {"$set": {"answer": answer}})


def _quoted(traces: PersonTraces) -> list[str]:
    """Return what finds the person's ids in an answer: as part of an invitation's id, or as a user's."""
    person = traces.person
    ids = r"[0-9]{4}-[0-9]{2}\."
    by_contact = [
        rf"{ids}[A-Za-z0-9_-]+\.({_any(some)})(?![A-Za-z0-9_-])" for some in chunks(sorted(person.contacts), 100)
    ]
    by_user = [
        pattern
        for some in chunks(sorted(person.users), 100)
        for pattern in (rf"{ids}({_any(some)})\.[A-Za-z0-9_-]+", rf'(?<="userId":")({_any(some)})(?=")')
    ]
    return [*by_contact, *by_user]


def _any(ids: Sequence[str]) -> str:
    return "|".join(map(re.escape, ids))


@dataclass(frozen=True, slots=True)
class ListedUsers:
    """Small documents with a list of users: the user's lines get an anonymous name, and go on counting."""

    collection: Collection
    lines: str
    field: str
    versioned: bool = False

    @property
    def name(self) -> str:
        """The collection."""
        return self.collection.name

    async def find(self, traces: PersonTraces) -> AsyncIterator[Raw]:
        """Yield the user's own lines."""
        users = traces.person.users
        async for raw in found_by(self.collection, f"{self.lines}.{self.field}", sorted(users)):
            yield {"_id": raw["_id"], self.lines: [line for line in raw[self.lines] if line.get(self.field) in users]}

    async def forget(self, raws: Sequence[Raw], traces: PersonTraces, named: Named) -> None:
        """Rename the user; who has read the document before writes by its version, and is refused."""
        for raw in raws:
            for user in {line[self.field] for line in raw[self.lines]}:
                change: Raw = {"$set": {f"{self.lines}.$[own].{self.field}": named(user)}}
                if self.versioned:
                    change["$inc"] = {"version": 1}
                own = {f"own.{self.field}": user}
                await self.collection.update_one({"_id": raw["_id"]}, change, array_filters=[own])
