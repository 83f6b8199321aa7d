"""Keyed digests of mailboxes, invitations and people, for stores without addresses and names (SPEC section 13).

A digest is `<fingerprint of the key>:<HMAC-SHA-256>`: under which key it was made is seen without trying, which is what
says whether an old key is still needed.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from relance.adapters.signing import derived
from relance.domain.invitations.addresses import mailbox_key
from relance.settings.keyring import Keyring

_OF_INVITATIONS = "invitation"
_OF_PEOPLE = "person"
REMEMBERED = 8192
"""Digests kept in memory: an address of a batch is asked about with the batch, with its slot and with its claim."""


class MailboxDigests:
    """Makes digests with the keys of one ring, newest key first: the first one is written, all are looked up."""

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._keys: tuple[tuple[str, bytes], ...] = ()
        self._of = lru_cache(REMEMBERED)(self._made)

    def of(self, address: str) -> tuple[str, ...]:
        """Return the digests of a mailbox, one per key.

        Raises:
            SettingsError: there is no key.
        """
        return self._of(address)

    def _made(self, address: str) -> tuple[str, ...]:
        mailbox = mailbox_key(address).encode()
        return tuple(prefix + hmac.digest(key, mailbox, "sha256").hex() for prefix, key in self._prefixed())

    def of_invitation(self, invitation_id: str) -> tuple[str, ...]:
        """Return the digests that stand for an invitation once its id is deleted, one per key."""
        return self._derived(_OF_INVITATIONS, invitation_id)

    def of_person(self, kind: str, person_id: str) -> tuple[str, ...]:
        """Return the digests that stand for a contact or a user once the id is deleted, one per key."""
        return self._derived(_OF_PEOPLE, f"{kind}/{person_id}")

    def _derived(self, purpose: str, text: str) -> tuple[str, ...]:
        keys = ((prefix, derived(key, purpose)) for prefix, key in self._prefixed())
        return tuple(prefix + hmac.digest(key, text.encode(), "sha256").hex() for prefix, key in keys)

    def _prefixed(self) -> tuple[tuple[str, bytes], ...]:
        # Not at once: read-only commands have no keys, and ask for no digest.
        if not self._keys:
            ring = self._ring
            self._keys = tuple(
                (f"{fingerprint}:", key) for fingerprint, key in zip(ring.fingerprints, ring.keys, strict=True)
            )
        return self._keys


def for_sender(mailbox: str, user_id: str) -> str:
    """Return the digest of a mailbox together with a user who writes to it, made from `mailbox`, a digest itself."""
    pair = f"{bare(mailbox)}/{user_id}".encode()
    return f"{key_of(mailbox)}:{hashlib.sha256(pair).hexdigest()}"


def bare(digest: str) -> str:
    """Return a digest without its key's fingerprint."""
    return digest.rpartition(":")[2]


def key_of(digest: str) -> str:
    """Return the fingerprint of the key a digest was made with."""
    return digest.partition(":")[0]
