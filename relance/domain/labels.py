"""Names from outside, made fit to be shown on one line."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST_NAME = 80
LONGEST_OF_PEOPLE = 60
"""Characters: a longer name is a message."""

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


# Top-level domains of unsolicited links, and those of the countries we write to. Others count when the word is written
# in one case, as domains are: `Jean.Dupont` is a name, `shop.casino` is not.
_TOP_WORDS = (
    "com net org info biz eu fr de nl be es it uk co io me ru su cn xyz top shop site online app link click "
    "live club dev ly gg tv cc to us ca ch at pl pt ro bg gr hu cz sk se no dk fi ie in br mx ar za au nz jp "
    "kr tk ml ga cf gq pw ws icu vip win bid store space website tech pro mobi name work buzz fun life world "
    "today page bio gle"
)
_TOP = frozenset(_TOP_WORDS.split())
_WORD = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+([^\W\d_]{2,}|xn--[a-z0-9-]+)(?![\w-])", re.IGNORECASE)
_LINK = re.compile(r"://|\bwww\b\s*\.|\bmailto:|\b\d{1,3}(?:\.\d{1,3}){3}\b", re.IGNORECASE)
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": ".", "\u2024": "."})


@lru_cache(maxsize=1024)
def name_of_person(name: str) -> str:
    """Return a clean name, or nothing if it is content that somebody wants to have sent under our domain.

    That is a link, a domain, an address, or more than 60 characters (what a sign-up form lets through is written into
    mails to strangers).
    """
    shown = clean_name(name)
    # Full-width letters and other dots are resolved by the clients that follow links.
    plain = unicodedata.normalize("NFKC", shown).translate(_DOTS)
    if len(shown) > LONGEST_OF_PEOPLE or _LINK.search(plain) or any(map(_is_domain, _WORD.finditer(plain))):
        return ""
    return shown


def _is_domain(word: re.Match[str]) -> bool:
    text, last = word[0], word[1]
    return last.lower() in _TOP or last.lower().startswith("xn--") or text in {text.lower(), text.upper()}
