"""What is known of the channels, the messages in chats that can be changed, and files on their way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bson import Binary
from pymongo.errors import DuplicateKeyError

from relance.adapters.mongo.documents import Collection, Raw, Reader, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.quarantine import MongoQuarantine
from relance.domain.channels.channel_state import ChannelState
from relance.domain.channels.chat_message import ChatMessage, stored
from relance.domain.channels.messages import Attachment, OutgoingMessage
from relance.ports import Page

_WITHOUT_CONTENT = {"attachments.content": 0}

NUMBERED: Raw = {"number": {"$type": "number", "$lt": float("inf")}}
"""The messages; a document with a number that is none would be the newest, and no other could follow it."""


class MongoChatMessages:
    """`ports.ChatMessages` over the collection `chatMessages`, unique over the key and over the number.

    A number is taken by inserting the one after the highest: who comes second fails on the unique index and looks
    again. So a number is only ever given once the one before it is there to be read, which a counter or an ObjectId
    would not promise.
    """

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(ChatMessage, "chatMessages", quarantine)

    async def add(self, message: OutgoingMessage) -> bool:
        """Store a message with its attachments; return False if its key was there before."""
        with translated("store a chat message"):
            while not await self._collection.find_one({"_id": message.key}, {"_id": 1}):
                try:
                    await self._collection.insert_one(_raw(message, await self._highest() + 1))
                except DuplicateKeyError:
                    # The key, which ends the loop, or the number, which is tried anew.
                    continue
                return True
        return False

    async def page(self, *, after: str = "", size: int = 100) -> Page[ChatMessage]:
        """Return what was stored after a page's `last_id`, oldest first, without the attachments' content."""
        with translated("read chat messages"):
            found = self._collection.find({"number": {"$gt": int(after or 0), "$lt": float("inf")}}, _WITHOUT_CONTENT)
            raws = await found.sort("number", 1).limit(size).to_list(None)
        last_id = str(int(raws[-1]["number"])) if raws else after
        items = await self._reader.valid(raws)
        return Page(items=items, last_id=last_id, quarantined=len(raws) - len(items))

    async def latest(self, size: int, *, before: int | None = None) -> list[ChatMessage]:
        """Return the newest messages, of those with a lower number than `before`; oldest first."""
        below = float("inf") if before is None else before
        with translated("read chat messages"):
            found = self._collection.find({"number": {"$type": "number", "$lt": below}}, _WITHOUT_CONTENT)
            raws = await found.sort("number", -1).limit(size).to_list(None)
        return await self._reader.valid(raws[::-1])

    async def has(self, key: str) -> bool:
        """Return whether a message with this key is stored."""
        with translated("look for a chat message"):
            return await self._collection.find_one({"_id": key}, {"_id": 1}) is not None

    async def attachment(self, key: str, filename: str) -> bytes | None:
        """Return an attachment of a message."""
        with translated("read an attachment"):
            found = await self._collection.find_one({"_id": key}, {"attachments": 1})
        every = found["attachments"] if found and "attachments" in found else []
        return next((bytes(file["content"]) for file in every if file["filename"] == filename), None)

    async def _highest(self) -> int:
        found = await self._collection.find_one(NUMBERED, {"number": 1}, sort=[("number", -1)])
        return int(found["number"]) if found else 0


def _raw(message: OutgoingMessage, number: int) -> Raw:
    raw = to_raw(stored(message, number))
    for document, attachment in zip(raw["attachments"], message.attachments, strict=True):
        document["content"] = Binary(attachment.content)
    return raw


class MongoAttachments:
    """`ports.Attachments` over the collection `attachments`; message key and file name are its `_id`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def store(self, key: str, files: Sequence[Attachment]) -> None:
        """Store the files of a message, each file name once: what was stored first stays."""
        with translated("store an attachment"):
            for file in files:
                document = {
                    "_id": _id(key, file.filename),
                    "contentType": file.content_type,
                    "content": Binary(file.content),
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


class MongoChannelStates:
    """`ports.ChannelStates` over the collection `channels`: one document per channel."""

    def __init__(self, collection: Collection, quarantine: MongoQuarantine) -> None:
        self._collection = collection
        self._reader = Reader(ChannelState, "channels", quarantine)

    async def all(self) -> dict[str, ChannelState]:
        """Return every known state by channel name."""
        with translated("read the states of channels"):
            raws = await self._collection.find({}).to_list(None)
        return {state.name: state for state in await self._reader.valid(raws)}

    async def note(self, state: ChannelState) -> None:
        """Replace the state of a channel."""
        with translated("note the state of a channel"):
            await self._collection.replace_one({"_id": state.name}, to_raw(state), upsert=True)
