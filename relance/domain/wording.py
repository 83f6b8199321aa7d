"""Words for the steps of a follow-up, as a person reads them in Temporal Web and in `why`."""

from __future__ import annotations

from collections.abc import Mapping

STEP_WORDS: Mapping[str, str] = {
    "retry": "another try of the invitation",
    "first": "first reminder (J+3)",
    "second": "second reminder (J+7)",
    "expiry": "expiry",
}
