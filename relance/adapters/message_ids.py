"""The Message-IDs of our mails, sealed: only we can read which invitation a mail belongs to (SPEC C8, G3)."""

from __future__ import annotations

import binascii

from relance import ids
from relance.adapters import base32
from relance.adapters.packed_ids import packed_text, unpacked_text
from relance.adapters.sealing import opened, seal_key, sealed
from relance.domain.invitations.invitation import MailKind
from relance.settings.keyring import Keyring

TAG_OCTETS = 8
"""A Message-ID proves nothing, as anybody may have read it; the tag only tells ours from chance."""


class SealedMessageIds:
    """`ports.MessageIds`: `<sealed id>.<kind>@<domain>`, in base32, because relays may change the case.

    With `seals` off it writes the plain id, as versions before 0.2 did.
    """

    def __init__(self, link_keys: Keyring, domain: str, *, seals: bool = True) -> None:
        self._seals = seals
        self._keys = link_keys.derived(lambda key: seal_key(key, "message-id"))
        self._domain = domain

    def of(self, invitation: str, kind: MailKind) -> str:
        """Return the Message-ID of a mail: the same whenever it is sent again."""
        return self._made(0, invitation, kind) if self._seals else ids.message_id(invitation, kind, self._domain)

    def possible(self, invitation: str, kind: MailKind) -> tuple[str, ...]:
        """Return every Message-ID a mail may have been sent with: one per key, and the plain one of older versions."""
        made = (self._made(number, invitation, kind) for number in range(len(self._keys)))
        return (*made, ids.message_id(invitation, kind, self._domain))

    def read(self, text: str) -> str | None:
        """Return the invitation whose mail has this Message-ID; None if it is none of ours."""
        local, _, host = text.strip().strip("<>").rpartition("@")
        token, _, kind = local.rpartition(".")
        if host.lower() != self._domain.lower() or kind.lower() not in set(MailKind):
            return None
        if (plain := ids.invitation_of_message_id(text, self._domain)) is not None:
            return plain
        try:
            found = opened(self._keys, base32.decode(token), TAG_OCTETS)
            return unpacked_text(found) if found else None
        except (binascii.Error, ValueError):
            return None

    def _made(self, number: int, invitation: str, kind: MailKind) -> str:
        raw = sealed(self._keys[number], packed_text(invitation), TAG_OCTETS)
        return f"<{base32.encode(raw)}.{kind}@{self._domain}>"
