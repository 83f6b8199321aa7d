"""The files that can be seen by a link (SPEC A4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bson import Binary
from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection, Raw
from relance.adapters.mongo.errors import translated
from relance.domain.messages import Attachment


class MongoAttachments:
    """`ports.Attachments` over the collection `attachments`; message key and file name are its `_id`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def store(self, key: str, files: Sequence[Attachment]) -> None:
        """Store the files of a message, each file name once: what was stored first stays."""
        with translated("store an attachment"):
            for one in files:
                document = {
                    "_id": _id(key, one.filename),
                    "contentType": one.content_type,
                    "content": Binary(one.content),
                    "createdAt": datetime.now(UTC),
                }
                try:
                    await self._collection.insert_one(document)
                except DuplicateKeyError:
                    continue

    async def read(self, key: str, filename: str) -> Attachment | None:
        """Return a stored file."""
        with translated("read an attachment"):
            found = await self._collection.find_one({"_id": _id(key, filename)})
        return Attachment(filename, str(found["contentType"]), bytes(found["content"])) if found else None


def _id(key: str, filename: str) -> Raw:
    return {"key": key, "filename": filename}
