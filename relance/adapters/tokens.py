"""Signed names of invitations: in the links of a mail, and in the address its bounces come back to.

A link token is `v1.<invitation id>.<HMAC-SHA-256>`, both parts base64url without padding. Each purpose signs with a key
of its own, so that a link to the form cannot unsubscribe anyone. Tokens hold no address and do not expire: what a link
may still do is decided by the state of its invitation (SPEC section 13).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from relance.adapters.signing import derived, invalid, signed, verified
from relance.ids import invitation_id, parse_invitation_id
from relance.settings.keyring import Keyring


class Purpose(StrEnum):
    """What a link may be used for."""

    SUBMIT = "submit"
    UNSUBSCRIBE = "unsub"
    OPEN = "open"
    PROBE = "probe"


class BouncedReference(NamedTuple):
    """What a bounce address names; without `invitation_id` it is the one of the period whose token is the same."""

    period: str
    invitation_id: str | None


class LinkTokens:
    """Signs with the keys derived from the first key of a ring, and verifies with those derived from all."""

    def __init__(self, link_keys: Keyring) -> None:
        self._keys = {purpose: link_keys.derived(_deriving(purpose)) for purpose in Purpose}
        self._bounce_keys = link_keys.derived(_deriving("bounce"))
        self._mailto_keys = link_keys.derived(_deriving("unsub-mailto"))

    def sign(self, purpose: Purpose, invitation: str) -> str:
        """Return the token of an invitation for one purpose."""
        return signed(self._keys[purpose][0], invitation)

    def verify(self, purpose: Purpose, token: str) -> str:
        """Return the invitation a token was signed for.

        Raises:
            InvalidInput: the token is malformed, altered, or was signed for another purpose; it does not say which.
        """
        return verified(self._keys[purpose], token)

    def bounce_token(self, invitation: str) -> str:
        """Return what stands for an invitation in an envelope sender: at most 56 lower-case letters and digits.

        `bounce+` and the token must fit into 64 octets (RFC 5321 4.5.3.1.1) and survive relays that change the case,
        so it is base32 of: form, period, ids, 8 bytes of HMAC. Two 24-digit hexadecimal ids, as MongoDB makes them,
        are packed into 24 bytes; other ids are kept as text up to that length; longer ones are replaced by a keyed
        hash, which is found again by making the tokens of its period's invitations (`bounce_tokens`, 1 microsecond
        each).
        """
        return _bounce_token(self._bounce_keys[0], invitation)

    def bounce_tokens(self, invitation: str) -> tuple[str, ...]:
        """Return the bounce tokens an invitation may have, one per key."""
        return tuple(_bounce_token(key, invitation) for key in self._bounce_keys)

    def read_bounce_token(self, token: str) -> BouncedReference:
        """Return what a bounce token names.

        Raises:
            InvalidInput: we did not make it.
        """
        return _read(self._bounce_keys, token)

    def unsubscribed(self, token: str) -> str:
        """Return the invitation a link to unsubscribe was signed for.

        Raises:
            InvalidInput: we did not make it.
        """
        return self.verify(Purpose.UNSUBSCRIBE, token)

    def mailto_token(self, invitation: str) -> str:
        """Return what stands for an invitation in the address of an unsubscribe mail: of a bounce token's form.

        `unsub+` and the token fit into 64 octets; it has keys of its own, because who bounces has not opted out.
        """
        return _bounce_token(self._mailto_keys[0], invitation)

    def mailto_tokens(self, invitation: str) -> tuple[str, ...]:
        """Return the tokens of an invitation for that address, one per key."""
        return tuple(_bounce_token(key, invitation) for key in self._mailto_keys)

    def read_mailto_token(self, token: str) -> BouncedReference:
        """Return what such a token names.

        Raises:
            InvalidInput: we did not make it.
        """
        return _read(self._mailto_keys, token)


def _read(keys: Sequence[bytes], token: str) -> BouncedReference:
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        raise invalid() from None
    packed, tag = raw[:-8], raw[-8:]
    if not any(hmac.compare_digest(hmac.digest(key, packed, "sha256")[:8], tag) for key in keys):
        raise invalid()
    return _unpack(packed)


def _deriving(purpose: str) -> Callable[[bytes], bytes]:
    return lambda key: derived(key, purpose)


def _bounce_token(key: bytes, invitation: str) -> str:
    packed = _pack(invitation) or _hashed(key, invitation)
    return _base32(packed + hmac.digest(key, packed, "sha256")[:8])


def _hashed(key: bytes, invitation: str) -> bytes:
    digest = hmac.digest(key, b"id:" + invitation.encode(), "sha256")
    return b"\x02" + _month(parse_invitation_id(invitation).period) + digest[:16]


_OBJECT_ID = re.compile(r"^[0-9a-f]{24}$")


def _pack(invitation: str) -> bytes | None:
    period, user, contact = parse_invitation_id(invitation)
    if _OBJECT_ID.match(user) and _OBJECT_ID.match(contact):
        return b"\x00" + _month(period) + bytes.fromhex(user + contact)
    ids = f"{user}.{contact}".encode()
    return b"\x01" + _month(period) + ids if len(ids) <= 24 else None


def _unpack(packed: bytes) -> BouncedReference:
    months = int.from_bytes(packed[1:3])
    period = f"{months // 12:04}-{months % 12 + 1:02}"
    ids = packed[3:]
    if packed[0] == 0:
        return BouncedReference(period, invitation_id(period, ids[:12].hex(), ids[12:].hex()))
    if packed[0] == 1:
        return BouncedReference(period, invitation_id(period, *ids.decode().split(".")))
    return BouncedReference(period, None)


def _month(period: str) -> bytes:
    return (int(period[:4]) * 12 + int(period[5:]) - 1).to_bytes(2)


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).rstrip(b"=").decode().lower()
