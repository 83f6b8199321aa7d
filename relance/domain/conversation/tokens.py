"""The words of a message: whatever the case, the accents and the punctuation, and where each stands."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

QUESTION = "?"
QUESTIONS = "?¿؟"
_NEGATED = r"\w*n['’ʼ]t\b"
# A word may hold what ids and times hold, and ends where they end: `2026-11.u0003.c00001`, `default-lp/0.8`, `9:00`.
# A number has its sign and its fraction: `-1h` and `1,5h` are no durations.
_NUMBER = r"(?:(?<!\w)[-−–])?\d+,\d\w*"
_TERM = r"(?:(?<!\w)[-−–](?=\d))?[^\W_](?:[\w.:/@%+~-]*\w)?"
# A sign that is no mere punctuation counts as a word, because it may turn the meaning: "ack", > ack, ~ack~, ack 👎.
_SIGN = r"(?<!\w)['’‘]|[^\w\s.,;:!¡…()\[\]{}*/•·–—−'’ʼ\ufe0f-]"
_WORD = re.compile(rf"{_NEGATED}|{_NUMBER}|{_TERM}|[{QUESTIONS}]|{_SIGN}", re.IGNORECASE)
_UNSEEN = {"Cf", "Cs", "Co", "Cn"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign; `folded` is it in small letters without accents, from `start` to `end` in the cleaned text."""

    text: str
    folded: str
    start: int
    end: int


def cleaned(text: str) -> str:
    """Return a text on one line, without what cannot be seen or stored."""
    seen = (" " if unicodedata.category(each) == "Cc" else each for each in unicodedata.normalize("NFKC", text))
    return " ".join("".join(each for each in seen if unicodedata.category(each) not in _UNSEEN).split())


def tokens_of(text: str) -> list[Token]:
    """Return the words of a cleaned text, and the signs that may turn its meaning."""
    return [Token(found[0], folded(found[0]), found.start(), found.end()) for found in _WORD.finditer(text)]


def is_sign(token: Token) -> bool:
    """Return whether a token is no word, as a quotation mark."""
    return not any(each.isalnum() for each in token.text)


def folded(text: str) -> str:
    """Return a text in small letters, without accents and with one kind of apostrophe."""
    if text in QUESTIONS:
        return QUESTION
    plain = unicodedata.normalize("NFD", text.casefold().replace("’", "'").replace("ʼ", "'"))
    return "".join(each for each in plain if unicodedata.category(each) != "Mn")


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is separated by blanks."""
    return frozenset(text.split())
