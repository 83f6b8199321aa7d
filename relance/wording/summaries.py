"""Words a person reads in Temporal Web."""

from __future__ import annotations

from collections.abc import Mapping

STEP_WORDS: Mapping[str, str] = {
    "retry": "another try of the invitation",
    "first": "first reminder (J+3)",
    "second": "second reminder (J+7)",
    "expiry": "expiry",
}


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 user`, `2 users`; `plural` for nouns that do not end in s."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"
