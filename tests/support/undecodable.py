"""Documents as other programs may write them, byte by byte: the driver itself would refuse to encode them."""

from __future__ import annotations

import struct
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument

ANA = b"Ana \xed\xa0\xbd"
"""Half of a surrogate pair, as a cut text leaves it: no valid UTF-8."""

BEYOND = 8_640_000_000_000_000
"""Milliseconds: the last instant of JavaScript, in the year 275760."""


def with_bytes(fields: dict[str, Any], name: str, value: bytes, field: bytes | None = None) -> RawBSONDocument:
    """Return a document with one more text field of these very bytes."""
    return _appended(fields, b"\x02" + (field or name.encode()) + b"\0" + text(value))


def text(value: bytes) -> bytes:
    """Return the bytes of a text as it is stored."""
    return struct.pack("<i", len(value) + 1) + value + b"\0"


def element(fields: dict[str, Any], name: str, kind: int, value: bytes) -> RawBSONDocument:
    """Return a document with one more field of this BSON type and of these very bytes."""
    return _appended(fields, bytes([kind]) + name.encode() + b"\0" + value)


def with_date(fields: dict[str, Any], name: str, milliseconds: int = BEYOND) -> RawBSONDocument:
    """Return a document with one more date of any instant."""
    return _appended(fields, b"\x09" + name.encode() + b"\0" + struct.pack("<q", milliseconds))


def _appended(fields: dict[str, Any], element: bytes) -> RawBSONDocument:
    body = bson.encode(fields)[4:-1] + element + b"\0"
    return RawBSONDocument(struct.pack("<i", len(body) + 4) + body)
