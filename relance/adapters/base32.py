"""Base32 without padding and in lower case (RFC 4648 section 6): for what relays may write in another case."""

from __future__ import annotations

import base64
from itertools import product
from typing import Final

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = ["".join(two) for two in product(_LETTERS, repeat=2)]
_BITS, _PAIR_BITS, _PAIR = 5, 10, 0x3FF


def encode(raw: bytes) -> str:
    """Return the octets in base32; three of them are in each mail, and the standard library takes twice as long."""
    bits = 8 * len(raw)
    fill = -bits % _PAIR_BITS
    number = int.from_bytes(raw) << fill
    pairs = [_PAIRS[number >> place & _PAIR] for place in range(bits + fill - _PAIR_BITS, -1, -_PAIR_BITS)]
    return "".join(pairs)[: -(-bits // _BITS)]


def decode(text: str) -> bytes:
    """Return what was encoded, in whichever case it came.

    Raises:
        binascii.Error: it is no base32.
    """
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))
