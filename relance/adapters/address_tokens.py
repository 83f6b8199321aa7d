"""Tokens that name an invitation in a mail address: at most 56 lower-case letters and digits, readable by us alone.

`bounce+` and the token must fit into 64 octets (RFC 5321 4.5.3.1.1) and survive relays that change the case, so it is
base32 of 8 octets of tag and the sealed id: form, period, ids. Longer ids than 24 octets are replaced by a keyed hash,
which is found again by making the tokens of its period's invitations (`possible`, some microseconds each).
"""

from __future__ import annotations

import binascii
import hmac
from typing import Final, NamedTuple

from relance.adapters import base32
from relance.adapters.packed_ids import HASHED, month, packed, period_of, unpacked
from relance.adapters.sealing import opened, seal_key, sealed
from relance.adapters.signing import derived, invalid
from relance.ids import parse_invitation_id
from relance.settings.keyring import Keyring

TAG_OCTETS: Final = 8


class BouncedReference(NamedTuple):
    """What a token names: an invitation by its id, or without one the invitation of the period that has this token."""

    period: str
    invitation_id: str | None


class AddressTokens:
    """The tokens for one kind of address; `purpose` derives keys for each kind, `seals` is that of `LinkTokens`."""

    def __init__(self, link_keys: Keyring, purpose: str, *, seals: bool = True) -> None:
        self._seals = seals
        self._keys = link_keys.derived(lambda key: seal_key(key, purpose))
        # Those of earlier versions: the id was signed and stood there in the open.
        self._signing_keys = link_keys.derived(lambda key: derived(key, purpose))

    def of(self, invitation: str) -> str:
        """Return the token of an invitation."""
        return self._made(0, invitation) if self._seals else self._signed(0, invitation)

    def possible(self, invitation: str) -> tuple[str, ...]:
        """Return the tokens an invitation may have: each key's, sealed and as earlier versions made them."""
        numbers = range(len(self._keys))
        return (
            *(self._made(number, invitation) for number in numbers),
            *(self._signed(number, invitation) for number in numbers),
        )

    def read(self, token: str) -> BouncedReference:
        """Return what a token names.

        Raises:
            InvalidInput: we did not make it.
        """
        try:
            raw = base32.decode(token)
            found = opened(self._keys, raw, TAG_OCTETS) or self._verified(raw)
            period = period_of(found)
            return BouncedReference(period, None if found[:1] == HASHED else unpacked(found))
        except (binascii.Error, ValueError):
            raise invalid() from None

    def _made(self, number: int, invitation: str) -> str:
        return base32.encode(sealed(self._keys[number], self._text(number, invitation), TAG_OCTETS))

    def _signed(self, number: int, invitation: str) -> str:
        text = self._text(number, invitation)
        return base32.encode(text + hmac.digest(self._signing_keys[number], text, "sha256")[:TAG_OCTETS])

    def _text(self, number: int, invitation: str) -> bytes:
        if (short := packed(invitation)) is not None:
            return short
        digest = hmac.digest(self._signing_keys[number], b"id:" + invitation.encode(), "sha256")
        return HASHED + month(parse_invitation_id(invitation).period) + digest[:16]

    def _verified(self, raw: bytes) -> bytes:
        text, tag = raw[:-TAG_OCTETS], raw[-TAG_OCTETS:]
        tags = (hmac.digest(key, text, "sha256")[:TAG_OCTETS] for key in self._signing_keys)
        if not any(hmac.compare_digest(known, tag) for known in tags):
            raise invalid()
        return text
