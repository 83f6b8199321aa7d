"""French sentences by their English template: of `why`, of the doctor, of documents that cannot be read, of forms.

A new `Sentence` gets its line here; a test finds those that have none.
"""

from __future__ import annotations

from collections.abc import Mapping

from relance.wording.french import doctor, forms, quarantine, reasons, why
from relance.wording.french.typography import spaced

MODULES = (reasons, why, doctor, quarantine, forms)
FRENCH: Mapping[str, str] = {english: spaced(french) for module in MODULES for english, french in module.FRENCH.items()}
