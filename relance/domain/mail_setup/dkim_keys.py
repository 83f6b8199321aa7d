"""How long the public key of a DKIM record is: its kind and bits, out of base64 and DER (RFC 6376, RFC 8463)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

ED25519_BYTES = 32
_SEQUENCE, _INTEGER, _BIT_STRING = 0x30, 0x02, 0x03


class UnreadableKey(ValueError):
    """The text is no public key."""


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A public key: `rsa` or `ed25519`, and its bits."""

    kind: str
    bits: int


def read_key(kind: str, text: str) -> DkimKey:
    """Return the key of a record's `k=` and `p=`.

    Raises:
        UnreadableKey: it is no base64, or no key of this kind.
    """
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise UnreadableKey("it is no base64") from None
    if kind == "ed25519":
        if len(raw) != ED25519_BYTES:
            raise UnreadableKey(f"an ed25519 key has {ED25519_BYTES} bytes, and this one {len(raw)}")
        return DkimKey(kind, ED25519_BYTES * 8)
    try:
        return DkimKey(kind, _modulus_bits(raw))
    except (IndexError, ValueError):
        raise UnreadableKey("it is cut off, or no RSA key") from None


def _modulus_bits(raw: bytes) -> int:
    """Return the length of the modulus of a SubjectPublicKeyInfo, or of a bare RSAPublicKey (RFC 8017)."""
    tag, outer = _element(raw)
    inner_tag, first = _element(outer)
    if tag == _SEQUENCE and inner_tag == _SEQUENCE:
        string_tag, bits = _element(_after(outer))
        if string_tag != _BIT_STRING:
            raise ValueError("no key")
        return _modulus_bits(bits[1:])
    if tag != _SEQUENCE or inner_tag != _INTEGER:
        raise ValueError("no key")
    return int.from_bytes(first).bit_length()


def _element(raw: bytes) -> tuple[int, bytes]:
    start, length = _header(raw)
    if len(raw) < start + length:
        raise ValueError("cut off")
    return raw[0], raw[start : start + length]


def _after(raw: bytes) -> bytes:
    start, length = _header(raw)
    return raw[start + length :]


def _header(raw: bytes) -> tuple[int, int]:
    length = raw[1]
    if length < 0x80:
        return 2, length
    count = length & 0x7F
    return 2 + count, int.from_bytes(raw[2 : 2 + count])
