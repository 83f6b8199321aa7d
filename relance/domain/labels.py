"""Names from outside, made fit to be shown on one line."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST_NAME = 80

# Controls, line and paragraph separators, everything that reorders text (spoofing), tags, private use, surrogates.
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ue000-\uf8ff\ufffe\uffff\U000e0000-\U0010ffff]"
)


@lru_cache(maxsize=1024)
def clean_name(name: str) -> str:
    """Return a name in NFC, on one line, without controls and bidirectional overrides, at most 80 characters long."""
    text = unicodedata.normalize("NFC", name[: LONGEST_NAME * 4])
    text = " ".join(_FORBIDDEN.sub(" ", text).split())
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1].rstrip() + "…"
