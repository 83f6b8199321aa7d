"""What waves and cycles hear by a query of what is under way (`ports.ProgressNotes`)."""

from __future__ import annotations

from relance.contracts.cycle import MailCounts
from relance.domain.base import Utc, Wire


class BatchNote(Wire):
    """How far a batch under way is; `last_user` is the one that its boundary ends with."""

    last_user: str
    counts: MailCounts


class WaveNote(Wire):
    """How far a wave is that runs, batches under way included."""

    instant: Utc
    counts: MailCounts
