"""Seals short texts so that nobody without the key reads or makes them, and the same text always looks the same.

The construction of SIV (RFC 5297) with HMAC-SHA-256 in both places: a keyed hash of the text, cut to some octets, is
both its authentication and what its key stream begins with. Deterministic on purpose: a mail that is sent again has the
same Message-ID, sender and links. All that shows is the length of the text, and that two texts are the same.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import NamedTuple

from relance.adapters.signing import derived

_BLOCK, _FIRST = 32, bytes(4)


class SealKey(NamedTuple):
    """Two keys made of one link key, for one purpose."""

    authenticates: bytes
    hides: bytes


def seal_key(link_key: bytes, purpose: str) -> SealKey:
    """Return the keys for a purpose; no other purpose, and no signature, uses them."""
    return SealKey(derived(link_key, f"sealed {purpose} tag"), derived(link_key, f"sealed {purpose} stream"))


def sealed(key: SealKey, text: bytes, tag_octets: int) -> bytes:
    """Return tag and hidden text, `tag_octets` longer than the text."""
    tag = hmac.digest(key.authenticates, text, "sha256")[:tag_octets]
    return tag + _hidden(key, tag, text)


def opened(keys: Sequence[SealKey], raw: bytes, tag_octets: int) -> bytes | None:
    """Return the text, with whichever of the keys it was sealed; None if with none of them."""
    tag, hidden = raw[:tag_octets], raw[tag_octets:]
    for key in keys:
        text = _hidden(key, tag, hidden)
        if hmac.compare_digest(hmac.digest(key.authenticates, text, "sha256")[:tag_octets], tag):
            return text
    return None


def _hidden(key: SealKey, tag: bytes, text: bytes) -> bytes:
    stream = hmac.digest(key.hides, tag + _FIRST, "sha256")
    for number in range(1, -(-len(text) // _BLOCK)):
        stream += hmac.digest(key.hides, tag + number.to_bytes(4), "sha256")
    return (int.from_bytes(text) ^ int.from_bytes(stream[: len(text)])).to_bytes(len(text))
