"""Between MongoDB documents and our models.

The application's ids may be strings or ObjectIds; ours are strings. Reading turns an ObjectId into its 24 hex digits,
and a query by such a string asks for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeAlias, TypeVar

from bson import Code, DBRef, ObjectId
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pydantic import ValidationError

from relance.adapters.mongo.piecewise import UNDECODABLE
from relance.adapters.mongo.quarantine import MongoQuarantine, path_of, reason_of
from relance.adapters.mongo.raw_ids import every_form
from relance.adapters.mongo.set_aside import Invalid
from relance.domain.base import Document

Raw: TypeAlias = dict[str, Any]
Client: TypeAlias = AsyncIOMotorClient[Raw]
Collection: TypeAlias = AsyncIOMotorCollection[Raw]
MotorDatabase: TypeAlias = AsyncIOMotorDatabase[Raw]

M = TypeVar("M", bound=Document)

_ID_FIELDS = ("_id", "userId", "contactId")
_PLAIN = frozenset({bool, int, float, datetime, type(None), ObjectId})


def to_raw(model: Document) -> Raw:
    """Return a model as it is stored: camelCase, without empty fields, unknown fields kept."""
    return model.model_dump(by_alias=True, exclude_none=True)


def either(ids: Iterable[str]) -> list[str | ObjectId]:
    """Return the ids as strings and, where they look like it, as ObjectIds: for `$in`."""
    return every_form(ids)


def with_text_ids(raw: Raw) -> Raw:
    """Turn the ObjectIds among a document's ids into strings, in place."""
    for field in _ID_FIELDS:
        value = raw.get(field)
        if isinstance(value, ObjectId):
            raw[field] = str(value)
    return raw


def projection(model: type[Document]) -> dict[str, int]:
    """Return the projection on a model's own fields.

    For the application's collections: what else it keeps about people (password hashes, for one) stays where it is.
    """
    return {field.alias or name: 1 for name, field in model.model_fields.items()}


TOLERANT = CodecOptions[Raw](
    tz_aware=True,
    tzinfo=UTC,
    # Nobody here stores UUIDs; decoded, one of another length than 16 bytes would spoil the whole page.
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    # A byte that is no UTF-8 and a date outside of the calendar are the fault of one document: with the driver's own
    # strictness the whole page could not be read.
    unicode_decode_error_handler="surrogateescape",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
"""How documents are decoded: whatever they hold, so that `Reader` can tell the sound ones from the others."""


class Reader(Generic[M]):
    """Validates the documents of one collection; the invalid ones go into quarantine."""

    def __init__(self, model: type[M], collection: str, quarantine: MongoQuarantine) -> None:
        self._model = model
        self._collection = collection
        self._quarantine = quarantine
        quarantine.checks(collection, self.reason, projection(model))

    async def valid(self, raws: Sequence[Raw]) -> list[M]:
        """Return the valid documents, in their order."""
        return (await self.sorted_out(raws))[0]

    async def sorted_out(self, raws: Sequence[Raw]) -> tuple[list[M], list[Any]]:
        """Return the valid documents, in their order, and the `_id`s of the invalid ones as they are stored."""
        valid: list[M] = []
        invalid: list[Invalid] = []
        for raw in raws:
            # Before its ids become text: the quarantine finds it again by the one that is stored.
            stored_id = raw.get("_id")
            read = self._read(raw)
            if isinstance(read, str):
                invalid.append(Invalid.of(self._collection, {**raw, "_id": stored_id}, read))
            else:
                valid.append(read)
        if invalid:
            await self._quarantine.put(self._collection, invalid)
        return valid, [document.stored_id for document in invalid]

    def reason(self, raw: Raw) -> str | None:
        """Return why a document is invalid, None if it is not."""
        read = self._read(dict(raw))
        return read if isinstance(read, str) else None

    def _read(self, raw: Raw) -> M | str:
        if UNDECODABLE in raw:
            return "document: not_bson"
        if (field := undecodable(raw)) is not None:
            return f"{field}: not_utf8"
        # A string to Python, and something else to the server, which finds nobody by it.
        if codes := [name for name in _ID_FIELDS if type(raw.get(name)) is Code]:
            return f"{codes[0]}: string_type"
        try:
            return self._model.model_validate(with_text_ids(raw))
        except ValidationError as error:
            return reason_of(error)
        except Exception as error:  # noqa: BLE001 - whatever a foreign value does to a model, it is that document's fault
            return f"document: {type(error).__name__}"

    async def one(self, raw: Raw | None) -> M | None:
        """Return the document if there is one and it is valid."""
        found = await self.valid([raw]) if raw is not None else []
        return found[0] if found else None


def undecodable(value: Any, path: tuple[object, ...] = ()) -> str | None:
    """Return the path to the first field whose text, or whose name, is not valid UTF-8; None if all are."""
    if isinstance(value, str):
        return None if value.isascii() or _is_utf8(value) else path_of(path)
    if isinstance(value, DBRef):
        value = value.as_doc()
    if isinstance(value, dict):
        for key, item in value.items():
            if not (key.isascii() or _is_utf8(key)):
                return path_of((*path, None))
            # Almost everything is one of these, and every document of every mail comes by here.
            if type(item) in _PLAIN or (type(item) is str and item.isascii()):
                continue
            if (found := undecodable(item, (*path, key))) is not None:
                return found
    elif isinstance(value, list):
        for item in value:
            if (found := undecodable(item, path)) is not None:
                return found
    return None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
