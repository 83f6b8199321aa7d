"""The words of the console in English and French: sentences by key, figures and days by CLDR."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Final

from relance.wording.alerts.figures import FIGURES
from relance.wording.console import (
    base,
    chat,
    cycle,
    invitations,
    mails,
    now,
    operating,
    reports,
    sign_in,
)
from relance.wording.french.typography import spaced

LANGUAGES: Final = ("en", "fr")
MODULES: Final = (base, sign_in, now, chat, cycle, invitations, mails, operating, reports)
"""A module for each page, each with its words in both languages."""


@cache
def sentences(language: str) -> Mapping[str, str]:
    """Return all sentences of a language by key."""
    found: dict[str, str] = {}
    for module in MODULES:
        found |= _spaced(module.FRENCH) if language == "fr" else module.ENGLISH
    return found


def _spaced(words: Mapping[str, str]) -> dict[str, str]:
    return {key: spaced(sentence) for key, sentence in words.items()}


class ConsoleWords:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = FIGURES[language].locale
        self._sentences = sentences(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return a sentence; with a `count` that of its plural, `KEY.one` or `KEY.other`."""
        if "count" in values:
            count = int(str(values["count"]))
            key = f"{key}.{self._plural(count)}"
            values["count"] = self.number(count)
        return self._sentences[key].format(**values)

    def has(self, key: str) -> bool:
        """Return whether there is a sentence of this key."""
        return key in self._sentences

    def code(self, group: str, code: str) -> str:
        """Return the words for a code, or the code itself, readable, where we have none."""
        return self._sentences.get(f"{group}.{code}") or code.replace("_", " ").replace("-", " ")

    def number(self, value: float | Decimal, decimals: int = 0) -> str:
        """Return a figure with so many decimals, grouped by thousands."""
        from relance.wording import cldr

        return cldr.number(round(Decimal(str(value)), decimals) if decimals else Decimal(round(value)), self.locale)

    def percent(self, share: float, decimals: int = 1) -> str:
        """Return a share of one in hundredths."""
        from relance.wording import cldr

        return cldr.percent(round(Decimal(str(share * 100)), decimals), self.locale)

    def day(self, day: date, pattern: str = "d MMM y") -> str:
        """Return a day by a pattern of CLDR's."""
        from relance.wording import cldr

        # Babel takes an instant to UTC before it formats it; a date stays.
        return cldr.day(date(day.year, day.month, day.day), pattern, self.locale)

    def weekday(self, number: int) -> str:
        """Return the short name of a weekday, Monday being 0."""
        from relance.wording import cldr

        return cldr.weekdays(self.locale)[number]

    def month(self, period: str) -> str:
        """Return a period in words: `November 2026`."""
        return self.day(date.fromisoformat(f"{period}-01"), "MMMM y")

    def duration(self, seconds: float) -> str:
        """Return a length of time in its two largest units: `2 h 5 min`."""
        return FIGURES[self.language].duration(timedelta(seconds=seconds), seconds=True)

    def _plural(self, count: int) -> str:
        from relance.wording import cldr

        return "one" if cldr.plural(count, self.locale) == "one" else "other"


WORDS: Final = {language: ConsoleWords(language) for language in LANGUAGES}
