"""Display names, as they may appear in a header or a body."""

from __future__ import annotations

import base64
import re

_PLAIN = re.compile(r"^[A-Za-z0-9 .,'&()!?:_-]+$")
# An encoded word is at most 75 characters (RFC 2047 section 2): 45 bytes in base64 and the frame.
_WORD_BYTES = 45


def phrase(name: str) -> bytes:
    """Return a clean name as it stands before an address in a header."""
    if len(name) <= 60 and _PLAIN.match(name):
        return f'"{name}"'.encode()
    return encoded_words(name)


def unstructured(text: str) -> bytes:
    """Return a clean text as the value of a header such as Subject."""
    if len(text) <= 68 and _PLAIN.match(text):
        return text.encode()
    return encoded_words(text)


def encoded_words(text: str) -> bytes:
    """Return any text as folded encoded words in UTF-8 and base64 (RFC 2047), whole characters in each."""
    whole = text.encode()
    if len(whole) <= _WORD_BYTES:
        return b"=?utf-8?b?" + base64.b64encode(whole) + b"?="
    chunks: list[bytes] = [b""]
    for character in text:
        raw = character.encode()
        if len(chunks[-1]) + len(raw) > _WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += raw
    return b"\r\n ".join(b"=?utf-8?b?" + base64.b64encode(chunk) + b"?=" for chunk in chunks)
