"""Reads that one document cannot stop: what the driver refuses to decode is found and marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import bson
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorCollection

from relance.adapters.mongo.raw_ids import first_id

Raw: TypeAlias = dict[str, Any]
Fields: TypeAlias = Mapping[str, Any] | None
Find: TypeAlias = Callable[[Any, Fields], Any]
UNDECODABLE = "\0undecodable"
"""The one field, beside `_id`, of what stands for a document that could not be decoded; no document can have it."""

_AS_BYTES = CodecOptions(document_class=RawBSONDocument)


async def read_each(collection: AsyncIOMotorCollection[Raw], find: Find, fields: Fields) -> list[Raw]:
    """Return what `find(collection, fields)` finds; a document that cannot be decoded is its `_id` and a mark.

    The driver decodes an answer as a whole, so that one document would take all others with it.
    """
    try:
        return list(await find(collection, fields).to_list(None))
    except BSONError:
        found = await find(collection.with_options(codec_options=_AS_BYTES), fields).to_list(None)
        return [_decoded(batch.raw, collection.codec_options) for batch in found]


def _decoded(raw: bytes, options: CodecOptions[Raw]) -> Raw:
    try:
        return bson.decode(raw, options)
    except BSONError:
        return {"_id": first_id(raw, options), UNDECODABLE: True}
