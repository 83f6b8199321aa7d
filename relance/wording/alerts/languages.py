"""The languages there are words for."""

from __future__ import annotations

from collections.abc import Mapping

from relance.domain.alert_wording.english import ENGLISH
from relance.domain.alert_wording.french import FRENCH
from relance.domain.alert_wording.words import Words

LANGUAGES: Mapping[str, Words] = {words.code: words for words in (ENGLISH, FRENCH)}
"""The words by the setting's value."""
