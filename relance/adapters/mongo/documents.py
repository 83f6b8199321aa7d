"""Between MongoDB documents and our models.

The application's ids may be strings or ObjectIds; ours are strings. Reading turns an ObjectId into its 24 hex digits,
and a query by such a string asks for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeAlias, TypeVar

from bson import ObjectId
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pydantic import ValidationError

from relance.adapters.mongo.quarantine import Quarantine, reason_of
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
    result: list[str | ObjectId] = []
    for one in ids:
        result.append(one)
        if ObjectId.is_valid(one):
            result.append(ObjectId(one))
    return result


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
    uuid_representation=UuidRepresentation.STANDARD,
    # A byte that is no UTF-8 and a date outside of the calendar are the fault of one document: with the driver's own
    # strictness the whole page could not be read.
    unicode_decode_error_handler="surrogateescape",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
"""How documents are decoded: whatever they hold, so that `Reader` can tell the sound ones from the others."""


class Reader(Generic[M]):
    """Validates the documents of one collection; the invalid ones go into quarantine."""

    def __init__(self, model: type[M], collection: str, quarantine: Quarantine) -> None:
        self._model = model
        self._collection = collection
        self._quarantine = quarantine

    async def valid(self, raws: Sequence[Raw]) -> list[M]:
        """Return the valid documents, in their order."""
        return (await self.sorted_out(raws))[0]

    async def sorted_out(self, raws: Sequence[Raw]) -> tuple[list[M], list[Any]]:
        """Return the valid documents, in their order, and the `_id`s of the invalid ones as they are stored."""
        valid: list[M] = []
        spoilt: list[Any] = []
        invalid: list[tuple[Any, str]] = []
        for raw in raws:
            stored_id, reason = raw.get("_id"), None
            if (field := undecodable(raw)) is not None:
                reason = f"{field}: not_utf8"
            else:
                try:
                    valid.append(self._model.model_validate(with_text_ids(raw)))
                except ValidationError as error:
                    reason = reason_of(error)
            if reason is not None:
                invalid.append((stored_id, reason))
                spoilt.append(stored_id)
        if invalid:
            await self._quarantine.put(self._collection, invalid)
        return valid, spoilt

    async def one(self, raw: Raw | None) -> M | None:
        """Return the document if there is one and it is valid."""
        found = await self.valid([raw]) if raw is not None else []
        return found[0] if found else None


def undecodable(value: Any, name: str = "") -> str | None:
    """Return the name of the first field whose text, or whose name, is not valid UTF-8; None if all are."""
    if isinstance(value, str):
        return None if value.isascii() or _is_utf8(value) else name
    if isinstance(value, dict):
        for key, one in value.items():
            if not (key.isascii() or _is_utf8(key)):
                return f"{name}.?" if name else "?"
            if type(one) in _PLAIN:
                continue
            if (found := undecodable(one, f"{name}.{key}" if name else key)) is not None:
                return found
    elif isinstance(value, list):
        for one in value:
            if (found := undecodable(one, name)) is not None:
                return found
    return None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
