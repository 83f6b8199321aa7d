"""Which documents are about a person: by whom they are named, and by the invitations he had."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any, TypeVar

from relance.adapters.mailbox_digests import MailboxDigests
from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw, either
from relance.adapters.mongo.ranges import Ranges
from relance.domain.base import is_period
from relance.domain.invitations.addresses import domain_of, mailbox_key, normalise
from relance.domain.privacy.person import Person

CHUNK = 1000
WINDOW = 50_000
"""Documents of the application looked at by one command: no index of ours is on its addresses."""
_ADDRESS = re.compile(r"""[^\s<>"(),;:\[\]]{1,64}@[^\s<>"(),;:\[\]]{1,255}""")
_ENTRY: Raw = {"period": 1, "userId": 1, "contactId": 1, "mailboxes": 1, "status": 1, "claim": 1}
_NAMED: Raw = {"anonymous": {"$ne": True}}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PersonTraces:
    """A person and his invitations that still bear names; `plans` are ids, of a user alone."""

    person: Person
    entries: tuple[Raw, ...]
    plans: tuple[str, ...]

    @property
    def entry_ids(self) -> list[str]:
        """The ids of the invitations."""
        return [raw["_id"] for raw in self.entries]

    @property
    def invited(self) -> set[tuple[str, str]]:
        """The mailboxes that the invitations went to, each with the user in whose name."""
        return {(box, str(raw["userId"])) for raw in self.entries for box in _listed(raw.get("mailboxes"))}

    @property
    def others(self) -> set[str]:
        """The ids beside the person's own: whose contact he is, or who his contacts are."""
        own = self.person.contacts | self.person.users
        named = {str(raw.get(field)) for raw in self.entries for field in ("userId", "contactId")}
        return named - own


class PersonFinder:
    """Finds what is about a person; reads, and changes nothing."""

    def __init__(self, database: MotorDatabase, digests: MailboxDigests, ranges: Ranges) -> None:
        self._database = database
        self._digests = digests
        self._ranges = ranges

    async def traces(self, person: Person) -> PersonTraces:
        """Return a person's invitations and plans."""
        entries = {raw["_id"]: raw for raw in await self._entries(person)}
        periods = await self.periods() if person.users else []
        wanted = [f"{period}.{user}" for period in periods for user in sorted(person.users)]
        plans = [raw["_id"] async for raw in found_by(self._database.plans, "_id", wanted, {"_id": 1}, _NAMED)]
        return PersonTraces(person, tuple(entries.values()), tuple(plans))

    async def periods(self) -> list[str]:
        """Return every period that has plans or invitations."""
        found = [await self._database[name].distinct("period") for name in ("plans", "invitations")]
        return sorted({period for some in found for period in some if is_period(period)})

    async def invited_at(self, mailboxes: Sequence[str]) -> set[str]:
        """Return the contacts of the invitations that went to these mailboxes, whatever their records name by now."""
        result: set[str] = set()
        # No index: a person asks for this, and seldom; range by range no command takes long.
        query = {"mailboxes": {"$in": list(mailboxes)}, **_NAMED}
        for period in await self.periods():
            async for ids in self._ranges.over(self._database.invitations, period):
                found = self._database.invitations.find({"_id": ids, **query}, {"contactId": 1})
                raws = await found.max_time_ms(self._ranges.most_ms).to_list(None)
                result |= {str(raw["contactId"]) for raw in raws if raw.get("contactId") is not None}
        return result

    async def with_address(self, name: str, address: str) -> list[Raw]:
        """Return the application's documents whose address is the same mailbox, however it is written."""
        collection, wanted, query = self._database[name], mailbox_key(address), _written(address)
        fields = {"email": 1, "status": 1, "userId": 1}
        return [
            raw
            async for raw in _windows(collection, query, fields, self._ranges.most_ms)
            if isinstance(raw.get("email"), str) and mailbox_key(raw["email"]) == wanted
        ]

    def mentions(self, raw: bytes, person: Person) -> bool:
        """Return whether a message names one of the person's mailboxes, in any of its parts."""
        return any(not set(self._digests.of(found)).isdisjoint(person.mailboxes) for found in _addresses(raw))

    async def _entries(self, person: Person) -> list[Raw]:
        entries = self._database.invitations
        found = [raw async for raw in found_by(entries, "contactId", sorted(person.contacts), _ENTRY, _NAMED)]
        for period in await self.periods() if person.users else []:
            query = {"period": period, "userId": {"$in": sorted(person.users)}, **_NAMED}
            found += await entries.find(query, _ENTRY).max_time_ms(self._ranges.most_ms).to_list(None)
        return found


async def found_by(
    collection: Collection, field: str, values: Sequence[Any], fields: Raw | None = None, further: Raw | None = None
) -> AsyncIterator[Raw]:
    """Yield the documents whose field has one of these values."""
    for some in chunks(values):
        async for raw in collection.find({field: {"$in": list(some)}, **(further or {})}, fields):
            yield raw


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterable[Sequence[T]]:
    """Cut a list into parts of which a command takes one."""
    return (values[start : start + size] for start in range(0, len(values), size))


def by_ids(ids: Iterable[str]) -> Raw:
    """Return the query for documents of the application."""
    return {"_id": {"$in": either(sorted(ids))}}


async def _windows(collection: Collection, query: Raw, fields: Raw, most_ms: int) -> AsyncIterator[Raw]:
    for kind in ("string", "objectId"):
        bounds: Raw = {"$type": kind}
        while True:
            edge = collection.find({"_id": bounds}, {"_id": 1}).sort("_id", 1).skip(WINDOW - 1).limit(1)
            last = await edge.max_time_ms(most_ms).to_list(None)
            window = {**bounds, "$lte": last[0]["_id"]} if last else bounds
            for raw in await collection.find({"_id": window, **query}, fields).max_time_ms(most_ms).to_list(None):
                yield raw
            if not last:
                break
            bounds = {"$type": kind, "$gt": last[0]["_id"]}


def _written(address: str) -> Raw:
    """Return a query that finds every form of an address, and some others: `mailbox_key` has the last word."""
    local = address.strip().rpartition("@")[0]
    ascii_domain = domain_of(address)
    domains = {ascii_domain, address.strip().rpartition("@")[2]}
    try:
        domains.add(ascii_domain.encode("ascii").decode("idna"))
    except UnicodeError:
        domains.add(normalise(address).rpartition("@")[2])
    forms = {
        unicodedata.normalize(form, text)
        for name in {local, local.casefold()}
        for domain in domains
        for text in (f"{name}@{domain}", f"{name}@{domain.casefold()}")
        for form in ("NFC", "NFD")
    }
    return {"email": {"$regex": "^\\s*(" + "|".join(sorted(map(re.escape, forms))) + ")\\s*$", "$options": "i"}}


def _addresses(raw: bytes) -> set[str]:
    found: set[str] = set()
    message = message_from_bytes(raw, policy=policy.compat32)
    texts = [raw.decode("utf-8", "replace")]
    for part in message.walk():
        body = part.get_payload(decode=True)
        texts.append(body.decode("utf-8", "replace") if isinstance(body, bytes) else "")
    for text in texts:
        # Original-Recipient and VERP write it with the type before, or with = in place of @.
        found |= {match.strip(".'<>") for match in _ADDRESS.findall(text)}
    return found


def _listed(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
