"""Says sentences in another language; what no table knows stays English."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from relance.domain.sentences import Listed, Localised, Sentence
from relance.wording.alerts.figures import FIGURES
from relance.wording.french import FRENCH

TABLES: Final = {"fr": FRENCH}


def said(text: str, language: str) -> str | None:
    """Return a text in a language; None where we have it in English alone."""
    if language not in TABLES or not text:
        return text
    if isinstance(text, Localised):
        return text.write(language)
    if isinstance(text, Listed):
        return ", ".join(_value(part, language) for part in text.parts)
    if not isinstance(text, Sentence):
        return TABLES[language].get(text)
    template = TABLES[language].get(text.template)
    if template is None:
        return None
    return template.format(**{name: _value(value, language) for name, value in text.values.items()})


def _value(value: Any, language: str) -> Any:
    from relance.wording import cldr

    if isinstance(value, str):
        found = said(value, language)
        return value if found is None else found
    if isinstance(value, int | float) and not isinstance(value, bool):
        return cldr.number(Decimal(str(value)), FIGURES[language].locale)
    return value
