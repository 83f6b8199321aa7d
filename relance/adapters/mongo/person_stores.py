"""The stores that may hold something about a person: how it is found in each, and how it is forgotten there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from relance.adapters.mailbox_digests import MailboxDigests, bare, for_sender
from relance.adapters.mongo.anonymising import Named
from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw
from relance.adapters.mongo.mail_intake import KEPT_MESSAGES, RECORDS
from relance.adapters.mongo.mailbox_slots import SLOTS
from relance.adapters.mongo.person_renames import InboxAnswers, ListedUsers, MailboxSlotsOf
from relance.adapters.mongo.person_traces import PersonFinder, PersonTraces, chunks, found_by
from relance.adapters.mongo.suppressions import KEPT
from relance.domain.cycle.control import GIVEN_UP, compensation_id


class PersonStore(Protocol):
    """One collection; `forget` gets what it found."""

    @property
    def name(self) -> str:
        """The collection."""

    def find(self, traces: PersonTraces) -> AsyncIterator[Raw]:
        """Yield the documents about a person."""

    async def forget(self, raws: Sequence[Raw], traces: PersonTraces, named: Named) -> None:
        """Delete them, or take the person out of them; doing it again changes nothing."""


Ids = Callable[[PersonTraces], Sequence[str]]


@dataclass(frozen=True, slots=True)
class DeletedWith:
    """Documents that are found by a field, and deleted."""

    collection: Collection
    field: str
    values: Ids

    @property
    def name(self) -> str:
        """The collection."""
        return self.collection.name

    async def find(self, traces: PersonTraces) -> AsyncIterator[Raw]:
        """Yield the documents about a person."""
        async for raw in found_by(self.collection, self.field, self.values(traces)):
            yield raw

    async def forget(self, raws: Sequence[Raw], traces: PersonTraces, named: Named) -> None:
        """Delete them."""
        await _delete(self.collection, raws)


@dataclass(frozen=True, slots=True)
class KeptMessages:
    """Messages of the mail intake that wait for a person to look at: those that name the mailbox are deleted."""

    collection: Collection
    finder: PersonFinder

    @property
    def name(self) -> str:
        """The collection."""
        return self.collection.name

    async def find(self, traces: PersonTraces) -> AsyncIterator[Raw]:
        """Yield the messages that name one of the mailboxes; without their text, which may name others."""
        if traces.person.mailboxes:
            async for raw in self.collection.find({}).batch_size(20):
                if self.finder.mentions(bytes(raw["raw"]), traces.person):
                    yield {"_id": raw["_id"], "at": raw["at"], "bytes": len(raw["raw"])}

    async def forget(self, raws: Sequence[Raw], traces: PersonTraces, named: Named) -> None:
        """Delete them."""
        await _delete(self.collection, raws)


@dataclass(frozen=True, slots=True)
class QuarantineNotes:
    """Notes on documents that cannot be read: about the person's own, or with an address for an id."""

    collection: Collection
    digests: MailboxDigests

    @property
    def name(self) -> str:
        """The collection."""
        return self.collection.name

    async def find(self, traces: PersonTraces) -> AsyncIterator[Raw]:
        """Yield the notes."""
        person = traces.person
        own = [
            *(f"contacts.{contact}" for contact in person.contacts),
            *(f"users.{user}" for user in person.users),
            *(f"invitations.{entry}" for entry in traces.entry_ids),
            *(f"plans.{plan}" for plan in traces.plans),
            *(f"compensations.{record}" for record in compensation_ids(traces)),
        ]
        seen: set[str] = set()
        async for raw in found_by(self.collection, "_id", own):
            seen.add(raw["_id"])
            yield raw
        named: list[Raw] = [{"user": {"$in": sorted(person.users)}}] if person.users else []
        named += [{"_id": {"$regex": "@"}}] if person.mailboxes else []
        if named:
            async for raw in self.collection.find({"$or": named}):
                text = str(raw["_id"]).partition(".")[2]
                about = raw.get("user") in person.users or self._is_mailbox(text, person.mailboxes)
                if about and raw["_id"] not in seen:
                    yield raw

    async def forget(self, raws: Sequence[Raw], traces: PersonTraces, named: Named) -> None:
        """Delete them."""
        await _delete(self.collection, raws)

    def _is_mailbox(self, text: str, mailboxes: Sequence[str]) -> bool:
        return "@" in text and not set(self.digests.of(text)).isdisjoint(mailboxes)


@dataclass(frozen=True, slots=True)
class KeptDigests:
    """Keyed digests that outlive a person on purpose, so that an opt-out is honoured: nothing is forgotten here."""

    collection: Collection
    values: Ids

    @property
    def name(self) -> str:
        """The collection."""
        return self.collection.name

    async def find(self, traces: PersonTraces) -> AsyncIterator[Raw]:
        """Yield the documents."""
        async for raw in found_by(self.collection, "_id", self.values(traces)):
            yield raw

    async def forget(self, raws: Sequence[Raw], traces: PersonTraces, named: Named) -> None:
        """Leave them."""


def stores_of(database: MotorDatabase, digests: MailboxDigests, finder: PersonFinder) -> list[PersonStore]:
    """Return the stores, those first that are found by what later ones hold; ledger and plans are apart."""

    def by_invitation(traces: PersonTraces) -> list[str]:
        return [digest for entry in traces.entry_ids for digest in digests.of_invitation(entry)]

    def of_entries(traces: PersonTraces) -> list[str]:
        return traces.entry_ids

    def suppressed(traces: PersonTraces) -> list[str]:
        per_sender = [for_sender(box, user) for box, user in traces.invited]
        return sorted({bare(box) for box in (*traces.person.mailboxes, *per_sender)})

    return [
        DeletedWith(database.opens, "_id", of_entries),
        DeletedWith(database.optOuts, "_id", by_invitation),
        DeletedWith(database[RECORDS], "invitationId", of_entries),
        KeptMessages(database[KEPT_MESSAGES], finder),
        InboxAnswers(database.inbox),
        QuarantineNotes(database.quarantine, digests),
        ListedUsers(database.errorGates, "failing", "user", versioned=True),
        ListedUsers(database.planSearches, "waiting", "userId"),
        MailboxSlotsOf(database[SLOTS]),
        KeptDigests(database.suppressions, suppressed),
        KeptDigests(database[KEPT], by_invitation),
    ]


def compensation_ids(traces: PersonTraces) -> list[str]:
    """Return the ids that compensations of the person's documents have."""
    own = {"invitations": traces.entry_ids, "plans": traces.plans}
    return [
        compensation_id(decision, collection, document)
        for decision, collections in GIVEN_UP.items()
        for collection in collections
        for document in own[collection]
    ]


async def _delete(collection: Collection, raws: Sequence[Raw]) -> None:
    for some in chunks([raw["_id"] for raw in raws]):
        await collection.delete_many({"_id": {"$in": list(some)}})
