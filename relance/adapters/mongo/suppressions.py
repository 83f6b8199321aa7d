"""Addresses nobody may write to, remembered as keyed hashes: they outlive the erasure of a person (SPEC section 13)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime

from pydantic import SecretStr
from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection
from relance.adapters.mongo.errors import translated
from relance.domain.addresses import mailbox_key


class MongoSuppressions:
    """`ports.Suppressions` over the collection `suppressions`: `_id` is the HMAC-SHA256 of the `mailbox_key`."""

    def __init__(self, collection: Collection, key: SecretStr) -> None:
        self._collection = collection
        self._key = key.get_secret_value().encode()

    async def add(self, address: str, reason: str, at: datetime) -> None:
        """Suppress an address; the first reason stays."""
        with translated("suppress an address"):
            try:
                await self._collection.update_one(
                    {"_id": self.digest(address)}, {"$setOnInsert": {"reason": reason, "at": at}}, upsert=True
                )
            except DuplicateKeyError:
                # Somebody suppressed it in the same moment; the first one stays.
                return

    async def suppressed(self, addresses: Sequence[str]) -> set[str]:
        """Return those of the addresses that are suppressed."""
        hashes = {address: self.digest(address) for address in addresses}
        if not hashes:
            return set()
        with translated("look up suppressions"):
            found = await self._collection.find({"_id": {"$in": list(set(hashes.values()))}}, {"_id": 1}).to_list(None)
        known = {raw["_id"] for raw in found}
        return {address for address, digest in hashes.items() if digest in known}

    def digest(self, address: str) -> str:
        """Return what an address is remembered by."""
        return hmac.digest(self._key, mailbox_key(address).encode(), "sha256").hex()
