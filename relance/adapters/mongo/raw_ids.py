"""The `_id` of a document in any form the server takes, also one the driver refuses, as text that is no UTF-8."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import bson
from bson import DBRef, ObjectId
from bson.binary import Binary
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import DEFAULT_RAW_BSON_OPTIONS, RawBSONDocument

LONGEST = 400
_AS_READ = DEFAULT_RAW_BSON_OPTIONS.with_options(unicode_decode_error_handler="surrogateescape")
_INEXACT = (DBRef,)
_FIXED = {1: 8, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 127: 0, 255: 0}
"""How many bytes the values of a type take, for types where all take the same."""
_TEXT = 2
"""The type of an element that is a string."""


@dataclass(frozen=True, slots=True)
class RawId:
    """An id that the driver cannot decode: the bytes of a document `{_id: ...}`."""

    raw: bytes

    def __str__(self) -> str:
        """Return what tells it from others."""
        return sha256(self.raw).hexdigest()[:32]


def is_encodable(value: Any) -> bool:
    """Return whether the driver can send a value back to the server."""
    if isinstance(value, str):
        return value.isascii() or _encodes(value)
    return isinstance(value, (ObjectId, int)) or _encodes(value)


def text_of(stored_id: Any) -> str:
    """Return the text by which an id is told from all others of its collection, without bytes that are no text.

    A long one is cut and ends in a digest.
    """
    plain = isinstance(stored_id, (str, ObjectId))
    text = str(stored_id) if plain else f"{type(stored_id).__name__}:{stored_id}"
    shown = text.encode(errors="backslashreplace").decode()
    if len(shown) <= LONGEST:
        return shown
    return f"{shown[: LONGEST - 33]}~{sha256(shown.encode()).hexdigest()[:32]}"


def stored(stored_id: Any) -> Any:
    """Return an id as a note can keep it: itself, or the bytes of a document `{_id: ...}` where it is no UTF-8."""
    if isinstance(stored_id, RawId):
        return Binary(stored_id.raw)
    return stored_id if is_encodable(stored_id) else Binary(_document({"_id": stored_id}))


def is_exact(kept: Any) -> bool:
    """Return whether a document that is not found by an id that was kept is certainly gone.

    The driver reads some types, which nobody uses for ids, as others: those cannot be asked about.
    """
    if isinstance(kept, bytes) and kept[5:9] == b"_id\0":
        return kept[4] == _TEXT
    return not isinstance(kept, _INEXACT)


def query_of(kept: Any) -> Any:
    """Return the query for the document whose id was kept by `stored`."""
    if isinstance(kept, bytes) and (found := _raw(kept)) is not None:
        return found
    return {"_id": {"$in": every_form([kept])}}


def every_form(kept: Iterable[Any]) -> list[Any]:
    """Return ids for `$in`, and beside each that looks like an ObjectId's text that ObjectId."""
    found: list[Any] = []
    for name in kept:
        found.append(name)
        if isinstance(name, str) and ObjectId.is_valid(name):
            found.append(ObjectId(name))
    return found


def first_id(raw: bytes, options: CodecOptions[Any]) -> Any:
    """Return the `_id` of a document of which the driver cannot decode the whole; the server stores it first."""
    if raw[5:9] != b"_id\0":
        return RawId(raw)
    value = raw[9 : 9 + _size(raw[4], raw[9:13])]
    document = struct.pack("<i", len(value) + 10) + raw[4:9] + value + b"\0"
    try:
        return bson.decode(document, options)["_id"]
    except BSONError:
        return RawId(document)


def _size(kind: int, head: bytes) -> int:
    """Return how many bytes a value takes, from its type and its first four bytes."""
    if kind in _FIXED:
        return _FIXED[kind]
    said = int(struct.unpack("<i", head)[0])
    # Of a string and of bytes the length is without the head, of a document with it.
    return said + {2: 4, 13: 4, 14: 4, 5: 5, 12: 16}.get(kind, 0)


def _encodes(value: Any) -> bool:
    try:
        bson.encode({"": value})
    except Exception:  # noqa: BLE001 - whatever the driver says of a foreign value, it cannot send it
        return False
    return True


def _raw(kept: bytes) -> RawBSONDocument | None:
    # An id may be bytes itself: only a whole document with one field is what `stored` has made.
    try:
        found = RawBSONDocument(bytes(kept), _AS_READ)
        return found if list(found) == ["_id"] else None
    except Exception:  # noqa: BLE001 - no document
        return None


def _document(fields: dict[str, Any]) -> bytes:
    body = b"".join(_element(name, value) for name, value in fields.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def _element(name: str, value: Any) -> bytes:
    field = name.encode(errors="surrogateescape") + b"\0"
    if isinstance(value, DBRef):
        value = dict(value.as_doc())
    if type(value) is str:
        text = value.encode(errors="surrogateescape")
        return b"\x02" + field + struct.pack("<i", len(text) + 1) + text + b"\0"
    if isinstance(value, dict):
        return b"\x03" + field + _document(value)
    if isinstance(value, list) and not _encodes(value):
        return b"\x04" + field + _document({str(place): item for place, item in enumerate(value)})
    element = bson.encode({"": value if _encodes(value) else None})
    return element[4:5] + field + element[6:-1]
