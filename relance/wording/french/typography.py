"""French spacing: what stands before a colon, a semicolon and the like never begins a line."""

from __future__ import annotations

import re
from typing import Final

_BEFORE: Final = re.compile(r" (?=[:;!?»])")
_AFTER: Final = re.compile(r"(?<=«) ")
_KEPT: Final = "\u00a0"


def spaced(text: str) -> str:
    """Return a French text with spaces that keep together what belongs together."""
    return _AFTER.sub(_KEPT, _BEFORE.sub(_KEPT, text))
