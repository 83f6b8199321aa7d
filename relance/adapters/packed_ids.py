"""Invitation ids in few octets: two ids as MongoDB makes them take 24, and the month 2."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from relance.errors import InvalidInput
from relance.ids import invitation_id, parse_invitation_id

OBJECT_IDS, SHORT_IDS, HASHED, TEXT = b"\x00", b"\x01", b"\x02", b"\x03"
MOST_SHORT: Final = 24
_IN_FLIGHT: Final = 256
"""Mails that are being written: each has its id packed four times."""
_OBJECT_ID = re.compile(r"^[0-9a-f]{24}$")


@lru_cache(maxsize=_IN_FLIGHT)
def packed(invitation: str) -> bytes | None:
    """Return an id in at most 27 octets; None if it is too long for that."""
    period, user, contact = parse_invitation_id(invitation)
    if _OBJECT_ID.match(user) and _OBJECT_ID.match(contact):
        return OBJECT_IDS + month(period) + bytes.fromhex(user + contact)
    ids = f"{user}.{contact}".encode()
    return SHORT_IDS + month(period) + ids if len(ids) <= MOST_SHORT else None


def packed_text(text: str) -> bytes:
    """Return any text; an invitation's id in as few octets as it can be."""
    try:
        short = packed(text)
    except InvalidInput:
        short = None
    return short or TEXT + text.encode()


def unpacked_text(raw: bytes) -> str:
    """Return what `packed_text` was given.

    Raises:
        ValueError: it did not make this.
    """
    return raw[1:].decode() if raw[:1] == TEXT else unpacked(raw)


def unpacked(raw: bytes) -> str:
    """Return the id that `packed` was given.

    Raises:
        ValueError: it did not make this.
    """
    period, ids = period_of(raw), raw[3:]
    if raw[:1] == OBJECT_IDS:
        return invitation_id(period, ids[:12].hex(), ids[12:].hex())
    if raw[:1] == SHORT_IDS:
        return invitation_id(period, *ids.decode().split("."))
    raise ValueError("no packed id")


def month(period: str) -> bytes:
    """Return a period in two octets."""
    return (int(period[:4]) * 12 + int(period[5:]) - 1).to_bytes(2)


def period_of(raw: bytes) -> str:
    """Return the period of a packed id."""
    months = int.from_bytes(raw[1:3])
    return f"{months // 12:04}-{months % 12 + 1:02}"
