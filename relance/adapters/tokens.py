"""Sealed names of invitations: in the links of a mail, and in the addresses its bounces and opt-outs come back to.

A link token is `v2.<sealed id>`, base64url without padding (`sealing`). Each purpose has keys of its own, so that a
link to the form cannot unsubscribe anyone. Tokens tell nobody whose invitation it is, hold no address and do not
expire: what a link may still do is decided by the state of its invitation (SPEC section 13).

Mails of earlier versions named the ids in the open: `v1.<invitation id>.<HMAC-SHA-256>`, and addresses that were signed
and not sealed. They are read for as long as mails live, and not made any more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from relance.adapters.address_tokens import AddressTokens, BouncedReference
from relance.adapters.packed_ids import packed_text, unpacked_text
from relance.adapters.sealing import SealKey, opened, seal_key, sealed
from relance.adapters.signing import derived, invalid, signed, verified
from relance.settings.keyring import Keyring

LINK_TAG_OCTETS: Final = 16
_VERSION: Final = "v2."


class Purpose(StrEnum):
    """What a link may be used for."""

    SUBMIT = "submit"
    UNSUBSCRIBE = "unsub"
    OPEN = "open"
    PROBE = "probe"


class LinkTokens:
    """Seals with the keys derived from the first key of a ring, and opens with those derived from all.

    With `seals` off it writes what versions before 0.2 can read, for as long as one may go back to them.
    """

    def __init__(self, link_keys: Keyring, *, seals: bool = True) -> None:
        self._seals = seals
        self._keys = {purpose: link_keys.derived(_sealing(purpose)) for purpose in Purpose}
        self._signing_keys = {purpose: link_keys.derived(_signing(purpose)) for purpose in Purpose}
        self._bounces = AddressTokens(link_keys, "bounce", seals=seals)
        self._opt_outs = AddressTokens(link_keys, "unsub-mailto", seals=seals)

    def sign(self, purpose: Purpose, invitation: str) -> str:
        """Return the token of an invitation for one purpose."""
        if not self._seals:
            return signed(self._signing_keys[purpose][0], invitation)
        raw = sealed(self._keys[purpose][0], packed_text(invitation), LINK_TAG_OCTETS)
        return _VERSION + _base64(raw)

    def verify(self, purpose: Purpose, token: str) -> str:
        """Return the invitation a token was signed for.

        Raises:
            InvalidInput: the token is malformed, altered, or was signed for another purpose; it does not say which.
        """
        if not token.startswith(_VERSION):
            return verified(self._signing_keys[purpose], token)
        text = token.removeprefix(_VERSION)
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            found = opened(self._keys[purpose], raw, LINK_TAG_OCTETS)
            # The last character has bits that mean nothing; only one way of writing is ours.
            if found is None or _base64(raw) != text:
                raise invalid()
            return unpacked_text(found)
        except (binascii.Error, ValueError):
            raise invalid() from None

    def bounce_token(self, invitation: str) -> str:
        """Return what stands for an invitation in an envelope sender: see `AddressTokens`."""
        return self._bounces.of(invitation)

    def bounce_tokens(self, invitation: str) -> tuple[str, ...]:
        """Return the bounce tokens an invitation may have, two per key: sealed, and of earlier versions."""
        return self._bounces.possible(invitation)

    def read_bounce_token(self, token: str) -> BouncedReference:
        """Return what a bounce token names.

        Raises:
            InvalidInput: we did not make it.
        """
        return self._bounces.read(token)

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
        return self._opt_outs.of(invitation)

    def mailto_tokens(self, invitation: str) -> tuple[str, ...]:
        """Return the tokens of an invitation for that address, two per key."""
        return self._opt_outs.possible(invitation)

    def read_mailto_token(self, token: str) -> BouncedReference:
        """Return what such a token names.

        Raises:
            InvalidInput: we did not make it.
        """
        return self._opt_outs.read(token)


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _sealing(purpose: str) -> Callable[[bytes], SealKey]:
    return lambda key: seal_key(key, purpose)


def _signing(purpose: str) -> Callable[[bytes], bytes]:
    return lambda key: derived(key, purpose)
