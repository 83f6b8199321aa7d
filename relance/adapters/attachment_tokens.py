"""Signed names of attachments: the link of a chat message gives access to its file, and to no other file.

The token holds the message's key and the file's name, nothing about people, and does not expire: the message it stands
in stays readable as well. What was deleted is gone for every link (SPEC section 13).
"""

from __future__ import annotations

from typing import NamedTuple

from relance.adapters.signing import derived, signed, verified
from relance.settings.keyring import Keyring

# Neither a message's key nor a file name holds one.
_BETWEEN = "\n"


class AttachmentName(NamedTuple):
    """A file of a message."""

    key: str
    filename: str


class AttachmentTokens:
    """Signs and verifies with keys that are derived for attachments alone: the first signs, all verify."""

    def __init__(self, link_keys: Keyring) -> None:
        self._keys = link_keys.derived(lambda key: derived(key, "attachment"))

    def sign(self, key: str, filename: str) -> str:
        """Return the token of a message's file."""
        return signed(self._keys[0], f"{key}{_BETWEEN}{filename}")

    def verify(self, token: str) -> AttachmentName:
        """Return the file a token was signed for.

        Raises:
            InvalidInput: we did not make it.
        """
        key, _, filename = verified(self._keys, token).partition(_BETWEEN)
        return AttachmentName(key, filename)
