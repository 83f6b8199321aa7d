"""Text of others on a terminal: what would steer the terminal is shown or left out, never sent."""

from __future__ import annotations

import re

# C0 but line feed and tab, DEL, C1, and the characters that turn the direction of what follows (Unicode TR36 3.1).
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ENCODED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return the text without control characters and without marks of direction; line ends and tabs stay."""
    return _STEERS.sub("", text)


def escaped_json(text: str) -> str:
    r"""Return JSON in which such characters are `\uXXXX`; JSON itself escapes only those below U+0020."""
    return _ENCODED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
