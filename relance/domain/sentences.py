"""Sentences that carry what they are made of, so that `wording` can say them in another language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


class Sentence(str):
    """An English sentence; `template` is what the tables of other languages know it by, `values` what stands in it.

    A value may be a sentence itself. Whoever knows nothing of languages has the English text.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Sentence:
        """Return the sentence with its values in it."""
        sentence = super().__new__(cls, template.format(**values))
        sentence.template, sentence.values = template, values
        return sentence


class Listed(str):
    """Texts with commas between them; each of `parts` may be a sentence."""

    parts: tuple[str, ...]

    def __new__(cls, parts: Iterable[str]) -> Listed:
        """Return the texts as a list in words."""
        each = tuple(parts)
        text = super().__new__(cls, ", ".join(each))
        text.parts = each
        return text


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
