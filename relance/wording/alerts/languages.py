"""The languages there are words for."""

from __future__ import annotations

from collections.abc import Mapping

from relance.wording.alerts.english import ENGLISH
from relance.wording.alerts.french import FRENCH
from relance.wording.alerts.words import Words

LANGUAGES: Mapping[str, Words] = {words.code: words for words in (ENGLISH, FRENCH)}
"""The words by the setting's value."""
