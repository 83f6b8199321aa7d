"""What a subject line may look like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relance.domain.health.check_finding import FindingState
from relance.domain.mail_templates.links import placeholder
from relance.domain.mail_templates.slots import MARKED

LONGEST, SHOWN = 150, 70
"""Characters with a name of twenty: more is refused; beyond the second number most mail programs cut it."""
SAMPLE_NAME = "Camille Fontaine-Roy"
_HTML = re.compile(r"<[a-zA-Z/!]|&(?:#\d+|[a-zA-Z]+);")


def subject_troubles(line: str) -> Iterator[tuple[str, str, FindingState]]:
    """Yield what is wrong with a subject line whose slots are marked, the remedy, and how bad it is."""
    filled = MARKED.sub(SAMPLE_NAME, line)
    if not MARKED.sub("", line).strip(" .,:;!?-–—"):
        yield "the subject says nothing", "write what the mail is about", FindingState.WRONG
    if left := placeholder(filled):
        yield f"{left!r} was to be replaced", "write your own text", FindingState.WRONG
    if _HTML.search(filled):
        yield "the subject holds HTML, which mail programs show as it stands", "write plain text", FindingState.WRONG
    if len(filled) > LONGEST:
        problem = f"the subject has {len(filled)} characters with a name of {len(SAMPLE_NAME)}"
        yield problem, f"keep it below {LONGEST}; phones show about 40", FindingState.WRONG
    elif len(filled) > SHOWN:
        problem = (
            f"the subject has {len(filled)} characters with a name of {len(SAMPLE_NAME)}, and most programs cut it"
        )
        yield problem, f"keep it below {SHOWN}, with what matters in the first 40", FindingState.WARNING
