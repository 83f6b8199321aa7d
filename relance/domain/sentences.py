"""Sentences that carry what they are made of, so that `wording` can say them in another language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Sentence(str):
    """An English sentence; `template` is what the tables of other languages know it by, `values` what stands in it.

    A value may be a phrase itself. Whoever knows nothing of languages has the English text.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Sentence:
        """Return the sentence with its values in it."""
        phrase = super().__new__(cls, template.format(**values))
        phrase.template, phrase.values = template, values
        return phrase


class Localised(str):
    """What each language writes in its own way, such as an instant; as a string it is English."""

    write: Callable[[str], str]

    def __new__(cls, write: Callable[[str], str]) -> Localised:
        """Return what `write` makes of it, a function of the language."""
        text = super().__new__(cls, write("en"))
        text.write = write
        return text


def plural(one: str, other: str, count: int, **values: Any) -> Sentence:
    """Return the sentence for a count, which both have as `{count}`."""
    return Sentence(one if count == 1 else other, count=count, **values)
