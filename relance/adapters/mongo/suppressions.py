"""Addresses nobody may write to, remembered as keyed hashes: they outlive the erasure of a person (SPEC section 13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from relance.adapters.mailbox_digests import MailboxDigests, bare, for_sender, key_of
from relance.adapters.mongo.documents import Collection, MotorDatabase, Raw
from relance.adapters.mongo.errors import only_duplicates, translated
from relance.ports import Suppression

KEPT = "mailboxes"
"""Mailboxes of invitations that have lost their names, by the digest of the invitation's id."""


class MongoSuppressions:
    """`ports.Suppressions` over the collection `suppressions`: `_id` is the HMAC-SHA256 of the `mailbox_key`.

    `key` is the fingerprint of the key it was made with; documents without it are of an earlier version.
    """

    def __init__(self, database: MotorDatabase, digests: MailboxDigests) -> None:
        self._collection: Collection = database.suppressions
        self._kept: Collection = database[KEPT]
        self._digests = digests

    async def add(self, address: str, reason: str, at: datetime) -> None:
        """Suppress an address; the first reason stays."""
        await self.suppress(self.mailboxes(address)[:1], reason, at)

    async def suppress(self, mailboxes: Sequence[str], reason: str, at: datetime) -> None:
        """Suppress mailboxes by what the ledger knows them by; the first reason stays."""
        await self.suppress_each([Suppression(mailbox, reason, at) for mailbox in mailboxes])

    async def suppress_each(self, wanted: Sequence[Suppression]) -> None:
        """Suppress several mailboxes in one durable round trip; of each the first reason stays.

        `causes` keeps the newest instant of every reason: an opt-out can be taken back, and what else was said cannot.
        """
        # Within a bulk the order of writes is the server's.
        by_digest: dict[str, list[Suppression]] = {}
        for entry in wanted:
            by_digest.setdefault(bare(entry.mailbox), []).append(entry)
        if not by_digest:
            return
        writes = [_suppression(digest, those) for digest, those in by_digest.items()]
        with translated("suppress an address"):
            try:
                await self._collection.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                if not only_duplicates(error):
                    raise
                # Somebody suppressed it in the same moment: his stays the first, and now it is found.
                await self._collection.bulk_write(writes, ordered=False)

    async def known(self, mailboxes: Sequence[str]) -> set[str]:
        """Return those of the mailboxes that are suppressed."""
        if not mailboxes:
            return set()
        with translated("look up suppressions"):
            found = await self._collection.find(
                {"_id": {"$in": [bare(mailbox) for mailbox in mailboxes]}}, {"_id": 1}
            ).to_list(None)
        there = {raw["_id"] for raw in found}
        return {mailbox for mailbox in mailboxes if bare(mailbox) in there}

    async def suppressed(self, addresses: Sequence[str]) -> set[str]:
        """Return those of the addresses that are suppressed, under whichever key."""
        hashes = {address: [bare(mailbox) for mailbox in self.mailboxes(address)] for address in addresses}
        if not hashes:
            return set()
        wanted = {digest for those in hashes.values() for digest in those}
        with translated("look up suppressions"):
            found = await self._collection.find({"_id": {"$in": list(wanted)}}, {"_id": 1}).to_list(None)
        known = {raw["_id"] for raw in found}
        return {address for address, those in hashes.items() if not known.isdisjoint(those)}

    def for_sender(self, mailboxes: Sequence[str], user_id: str) -> tuple[str, ...]:
        """Return what mailboxes are suppressed by as far as one user writes to them."""
        return tuple(for_sender(mailbox, user_id) for mailbox in mailboxes)

    def mailboxes(self, address: str) -> tuple[str, ...]:
        """Return what the ledger may know an address by, newest key first."""
        return self._digests.of(address)

    async def kept(self, invitation_id: str) -> tuple[str, ...]:
        """Return the mailboxes of an invitation that has lost its names; none if it has not, or is deleted."""
        with translated("look up the mailbox of an anonymous invitation"):
            found = await self._kept.find({"_id": {"$in": list(self._digests.of_invitation(invitation_id))}}).to_list(1)
        return tuple(found[0]["mailboxes"]) if found else ()

    async def forget(self, periods: Sequence[str], size: int) -> None:
        """Forget mailboxes kept of these periods, at most `size`."""
        with translated("forget the mailboxes of deleted invitations"):
            found = await self._kept.find({"period": {"$in": list(periods)}}, {"_id": 1}).limit(size).to_list(None)
            if found:
                await self._kept.delete_many({"_id": {"$in": [raw["_id"] for raw in found]}})

    async def keep(self, entries: Sequence[Raw]) -> None:
        """Keep the mailboxes of invitations that are about to lose their names; doing it again changes nothing."""
        writes = [
            UpdateOne(
                {"_id": self._digests.of_invitation(raw["_id"])[0]},
                {"$set": {"period": raw["period"], "mailboxes": raw["mailboxes"]}},
                upsert=True,
            )
            for raw in entries
            if raw.get("mailboxes")
        ]
        if writes:
            with translated("keep the mailboxes of anonymous invitations"):
                await self._kept.bulk_write(writes, ordered=False)


def _suppression(digest: str, wanted: Sequence[Suppression]) -> UpdateOne:
    first = wanted[0]
    newest: dict[str, datetime] = {}
    for entry in wanted:
        newest[entry.reason] = max(entry.at, newest.get(entry.reason, entry.at))
    return UpdateOne(
        {"_id": digest},
        {
            "$setOnInsert": {"reason": first.reason, "at": first.at, "key": key_of(first.mailbox)},
            "$max": {f"causes.{reason}": at for reason, at in newest.items()},
        },
        upsert=True,
    )
