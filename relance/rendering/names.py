"""Display names, as they may appear in a header or a body."""

from __future__ import annotations

import base64
import re
import unicodedata
from functools import lru_cache

LONGEST_NAME = 80

# Controls, line and paragraph separators, everything that reorders text (spoofing), tags, private use, surrogates.
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ue000-\uf8ff\ufffe\uffff\U000e0000-\U0010ffff]"
)
_PLAIN = re.compile(r"^[A-Za-z0-9 .,'&()!?:_-]+$")
# An encoded word is at most 75 characters (RFC 2047 section 2): 45 bytes in base64 and the frame.
_WORD_BYTES = 45


@lru_cache(maxsize=1024)
def clean_name(name: str) -> str:
    """Return a name in NFC, on one line, without controls and bidirectional overrides, at most 80 characters long."""
    text = unicodedata.normalize("NFC", name[: LONGEST_NAME * 4])
    text = " ".join(_FORBIDDEN.sub(" ", text).split())
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1].rstrip() + "…"


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
    chunks: list[bytes] = [b""]
    for character in text:
        raw = character.encode()
        if len(chunks[-1]) + len(raw) > _WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += raw
    return b"\r\n ".join(b"=?utf-8?b?" + base64.b64encode(chunk) + b"?=" for chunk in chunks)
