"""The languages there are words for."""

from __future__ import annotations

from collections.abc import Mapping

from relance.domain.report_wording.english import ENGLISH
from relance.domain.report_wording.french import FRENCH
from relance.domain.report_wording.words import ReportWords

REPORT_WORDS: Mapping[str, ReportWords] = {"en": ENGLISH, "fr": FRENCH}
"""The words by the setting's value."""
