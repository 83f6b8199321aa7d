"""The languages there are words for."""

from __future__ import annotations

from collections.abc import Mapping

from relance.wording.reports.english import ENGLISH
from relance.wording.reports.french import FRENCH
from relance.wording.reports.words import ReportWords

REPORT_WORDS: Mapping[str, ReportWords] = {"en": ENGLISH, "fr": FRENCH}
"""The words by the setting's value."""
