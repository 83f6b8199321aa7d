"""Signed texts: `v1.<text>.<HMAC-SHA-256>`, both parts base64url without padding, a key of its own per purpose."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from relance.errors import InvalidInput


def derived(secret: bytes, purpose: str) -> bytes:
    """Expand a key of at least 32 characters into one per purpose (RFC 5869, HKDF-Expand with one block)."""
    return hmac.digest(secret, f"relance {purpose} v1\x01".encode(), hashlib.sha256().name)


def signed(key: bytes, text: str) -> str:
    """Return the token of a text."""
    head = f"v1.{_encode(text.encode())}"
    return f"{head}.{_encode(hmac.digest(key, head.encode(), 'sha256'))}"


def verified(keys: Sequence[bytes], token: str) -> str:
    """Return the text a token was signed for, with whichever of the keys.

    Raises:
        InvalidInput: the token is malformed, altered, or was signed with another key; it does not say which.
    """
    head, _, signature = token.rpartition(".")
    version, _, payload = head.partition(".")
    message, given = (text.encode("utf-8", "surrogatepass") for text in (head, signature))
    ours = (_encode(hmac.digest(key, message, "sha256")).encode() for key in keys)
    if version != "v1" or not any(hmac.compare_digest(given, expected) for expected in ours):
        raise invalid()
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()


def invalid() -> InvalidInput:
    """Return the error of whatever we did not sign."""
    return InvalidInput("TOKEN", "it was not made by us or is damaged", "use the link exactly as it is in the mail")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
